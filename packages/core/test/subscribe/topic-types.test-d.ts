import { type } from 'arktype'
import * as v from 'valibot'
import { describe, expectTypeOf, test } from 'vitest'
import { z } from 'zod'
import { type EventOf, type Receiver, type WebhookEvent, createReceiver } from '../../src/index.ts'
import type { PatternOf, TopicsOf } from '../../src/basics/index.ts'
import type { Provider } from '../../src/provider/index.ts'

interface Shop extends Record<string, unknown> {}
type Events = {
  'order.paid': { total: number }
  'order.refunded': { reason: string }
  'order.item.added': { sku: string }
  'customers/create': { email: string }
  push: { ref: string }
}

declare const provider: Provider<Events>
declare const open: Provider<Shop>
declare const typed: Receiver<Events>
declare const untyped: Receiver

describe('topics', () => {
  test('of a pattern are those it matches', () => {
    expectTypeOf<TopicsOf<Events, 'push'>>().toEqualTypeOf<'push'>()
    expectTypeOf<TopicsOf<Events, 'order.*'>>().toEqualTypeOf<'order.paid' | 'order.refunded'>()
    expectTypeOf<TopicsOf<Events, 'order.**'>>().toEqualTypeOf<
      'order.paid' | 'order.refunded' | 'order.item.added'
    >()
    expectTypeOf<TopicsOf<Events, '*/create'>>().toEqualTypeOf<'customers/create'>()
    expectTypeOf<TopicsOf<Events, 'order.*.added'>>().toEqualTypeOf<'order.item.added'>()
    expectTypeOf<TopicsOf<Events, '*.*.*'>>().toEqualTypeOf<'order.item.added'>()
    expectTypeOf<TopicsOf<Events, '*'>>().toEqualTypeOf<'push'>()
    expectTypeOf<TopicsOf<Events, '**'>>().toEqualTypeOf<keyof Events>()
    expectTypeOf<TopicsOf<Events, 'order.shipped'>>().toEqualTypeOf<never>()
  })

  test('that cannot be are said to be so', () => {
    expectTypeOf<PatternOf<Events, 'order.*'>>().toEqualTypeOf<unknown>()
    expectTypeOf<PatternOf<Events, 'order.shipped' | 'push'>>().toEqualTypeOf<{
      readonly error: 'no topic of this provider matches order.shipped'
    }>()
    expectTypeOf<PatternOf<Shop, 'order.shipped'>>().toEqualTypeOf<unknown>()
  })
})

describe('on', () => {
  test('types topic and payload', () => {
    typed.on('order.paid', (event) => {
      expectTypeOf(event).toEqualTypeOf<WebhookEvent<'order.paid', { total: number }>>()
    })
    typed.on(
      'push',
      { name: 'deploy', orderingKey: (event) => event.payload.ref },
      (event, task) => {
        expectTypeOf(event.payload.ref).toBeString()
        expectTypeOf(task.signal).toEqualTypeOf<AbortSignal>()
      },
    )
  })

  test('gives a union for wildcards and lists, told apart by the topic', () => {
    typed.on('order.*', (event) => {
      expectTypeOf(event).toEqualTypeOf<EventOf<Events, 'order.*'>>()
      if (event.topic === 'order.paid') expectTypeOf(event.payload.total).toBeNumber()
      else expectTypeOf(event.payload.reason).toBeString()
    })
    typed.on(['push', 'order.paid'], (event) => {
      expectTypeOf(event.topic).toEqualTypeOf<'push' | 'order.paid'>()
      if (event.topic === 'push') expectTypeOf(event.payload).toEqualTypeOf<{ ref: string }>()
    })
    typed.onAny((event) => {
      expectTypeOf(event.topic).toEqualTypeOf<keyof Events>()
    })
    typed.answer('push', (event) => event.payload.ref)
  })

  test('takes no pattern that can match nothing', () => {
    // @ts-expect-error -- no such topic
    typed.on('order.shipped', () => {})
    // @ts-expect-error -- no such topic under a wildcard
    typed.on('invoice.*', () => {})
    // @ts-expect-error -- the second topic does not exist
    typed.on(['push', 'order.shipped'], () => {})
    // @ts-expect-error -- no such topic
    typed.answer('deploy', () => 'x')
    // @ts-expect-error -- no such member
    typed.on('push', (event) => event.payload.total)
  })

  test('gives an unknown payload where the topics are not known, and never any', () => {
    untyped.on('whatever.*', (event) => {
      expectTypeOf(event).toEqualTypeOf<WebhookEvent<string, unknown>>()
    })
    createReceiver({ provider: open }).on(['a', 'b'], (event) => {
      expectTypeOf(event.payload).toBeUnknown()
      // @ts-expect-error -- unknown has no members
      void event.payload.anything
    })
    untyped.onAny((event) => expectTypeOf(event.payload).toBeUnknown())
  })

  test('takes the payload from a schema', () => {
    untyped.on('charge', { schema: z.object({ n: z.number() }) }, (event) => {
      expectTypeOf(event).toEqualTypeOf<WebhookEvent<string, { n: number }>>()
    })
    untyped.on('charge', { schema: v.object({ n: v.number() }) }, (event) => {
      expectTypeOf(event.payload).toEqualTypeOf<{ n: number }>()
    })
    untyped.on('charge', { schema: type({ n: 'number' }) }, (event) => {
      expectTypeOf(event.payload).toEqualTypeOf<{ n: number }>()
    })
    typed.on('push', { schema: z.object({ ref: z.coerce.date() }) }, (event) => {
      expectTypeOf(event).toEqualTypeOf<WebhookEvent<'push', { ref: Date }>>()
    })
  })

  test('chains', () => {
    expectTypeOf(typed.on('push', () => {})).toEqualTypeOf<Receiver<Events>>()
  })
})

test('createReceiver takes the types of its provider', () => {
  expectTypeOf(createReceiver({ provider })).toEqualTypeOf<Receiver<Events>>()
})
