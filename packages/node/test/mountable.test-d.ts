import { createReceiver, type Receiver } from '@postern/core'
import { type Provider } from '@postern/core/scheme'
import { expectTypeOf } from 'vitest'
import { webhook, type Mountable } from '../src/index.ts'

declare const typed: Provider<{
  'issues.opened': { issue: { title: string } }
  push: { ref: string }
}>

// A receiver of any event type can be mounted.
const receiver = createReceiver({ provider: typed })
expectTypeOf(receiver).toExtend<Mountable>()
expectTypeOf<Receiver>().toExtend<Mountable>()
webhook(receiver, { context: (request) => ({ tenant: request.url ?? '' }) })

// @ts-expect-error a context is a JSON value
webhook(receiver, { context: () => new Map() })
