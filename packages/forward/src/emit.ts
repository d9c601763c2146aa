import { randomUUID } from 'node:crypto'
import { createDelivery, type Json, type Receiver } from '@postern/core'
import { type Host } from '@postern/core/inbox'
import { stringifyJson, type Provider, type Result } from '@postern/core/scheme'
import { checkId } from './id.ts'
import type { Message } from './source-types.ts'

/** Hands the messages of a source to its receiver, which nothing else can reach. */
export interface Emitter {
  readonly provider: Provider
  /** Stores a message; rejects with the error of the receiver. */
  emit(
    receiver: Receiver,
    message: Message,
    host: Host | undefined,
  ): Promise<{ readonly id: string; readonly known: boolean }>
}

/** Makes an emitter for the inbox of that name. */
export function createEmitter(inbox: string, now: () => number): Emitter {
  // By the body: the receiver makes a delivery of its own from the parts of the one it is given.
  const results = new WeakMap<Uint8Array, Result>()
  const provider: Provider = {
    name: 'source',
    covers: { body: 'none' },
    // Nothing is verified: all its deliveries are made below, and no other code has the receiver.
    verify: () => undefined,
    events: (delivery, body) => [
      {
        id: delivery.header('webhook-id'),
        topic: delivery.header('topic') ?? '',
        payload: body.value,
      },
    ],
    reply(result, delivery) {
      results.set(delivery.body, result)
      return undefined
    },
  }

  return {
    provider,
    async emit(receiver, message, host) {
      const { topic, payload } = message
      const id = checkId('emit', message.id ?? `msg_${randomUUID().replaceAll('-', '')}`)
      if (typeof topic !== 'string' || topic.trim() === '')
        throw new TypeError(
          `emit: topic must be a string that is not empty, got ${JSON.stringify(topic)}`,
        )
      if (payload === undefined)
        throw new TypeError('emit: payload must be a JSON value, got undefined')
      if (host) checkTransaction(host, inbox)
      const to = typeof message.to === 'string' ? [message.to] : message.to
      const delivery = createDelivery(
        {
          url: `postern:${receiver.name}`,
          headers: { 'content-type': 'application/json', 'webhook-id': id, topic },
          body: stringifyJson({
            type: topic,
            timestamp: new Date(now()).toISOString(),
            data: payload,
          }),
          ...(to && { context: { to } satisfies Json }),
        },
        receiver.limits,
      )
      await receiver.receive(delivery, host)
      const result = results.get(delivery.body)
      if (result?.kind === 'refused') throw result.error
      return { id, known: result?.kind === 'duplicate' }
    },
  }
}

// An inbox ignores hosts of other inboxes: the message would be stored even if the transaction rolls back.
function checkTransaction(host: Host, inbox: string): void {
  const prefix = 'postern.transaction.'
  for (const { description = '' } of Object.getOwnPropertySymbols(host))
    if (description.startsWith(prefix) && description !== prefix + inbox)
      throw new TypeError(
        `inTransaction: the transaction is of ${description.slice(prefix.length)}, and messages are kept in ${inbox}`,
      )
}
