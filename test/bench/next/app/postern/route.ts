import { createReceiver } from '@postern/core'
import { reloadable, webhook } from '@postern/next'
import { github } from '@postern/providers/github'
import { handled } from '../../../counter.ts'
import { SECRET } from '../../../deliveries.ts'

const receiver = reloadable('github', () =>
  createReceiver({ provider: github({ secret: SECRET }) }).onAny(handled),
)

export const { POST } = webhook(receiver)
