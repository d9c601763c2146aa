// Only the compiler checks this file, and nothing in it runs.
import { createReceiver } from '@postern/core'
import type { DiscordEvents } from '@postern/providers/types/discord'
import type { LineEvents } from '@postern/providers/types/line'
import type { LinearEvents } from '@postern/providers/types/linear'
import type { OpenaiEvents } from '@postern/providers/types/openai'
import type { SquareEvents } from '@postern/providers/types/square'
import type { TelegramEvents } from '@postern/providers/types/telegram'
import { discord } from '../../src/discord.ts'
import { line } from '../../src/line.ts'
import { linear } from '../../src/linear.ts'
import { openai } from '../../src/openai.ts'
import { square } from '../../src/square.ts'
import { telegram } from '../../src/telegram.ts'
import { expectType } from './expect.ts'

export function discordTypes(publicKey: string): void {
  const receiver = createReceiver({ provider: discord<DiscordEvents>({ publicKey }) })
  receiver.on('ENTITLEMENT_CREATE', (event) => {
    expectType<string>()(event.payload.event.data.sku_id)
    expectType<string>()(event.payload.event.timestamp)
    // @ts-expect-error -- a member of another event
    void event.payload.event.data.scopes
  })
  receiver.on('APPLICATION_AUTHORIZED', (event) => void event.payload.event.data.scopes.length)
  receiver.on('APPLICATION_COMMAND', (event) => expectType<string>()(event.payload.data.name))
  receiver.answer('MODAL_SUBMIT.report', (event) => ({
    type: 4,
    data: { content: event.payload.data.custom_id },
  }))
  // @ts-expect-error -- no such topic
  receiver.on('ENTITLEMENT_MADE', () => undefined)
}

export function lineTypes(channelSecret: string): void {
  const receiver = createReceiver({ provider: line<LineEvents>({ channelSecret }) })
  receiver.on('message.text', (event) => {
    expectType<string>()(event.payload.message.text)
    expectType<string>()(event.payload.destination)
    expectType<string>()(event.payload.webhookEventId)
  })
  receiver.on('message', (event) => {
    // @ts-expect-error -- not each message is a text
    void event.payload.message.text
    if (event.payload.message.type === 'sticker') void event.payload.message.stickerId
  })
  receiver.on('postback', (event) => expectType<string>()(event.payload.postback.data))
  // @ts-expect-error -- no such topic
  receiver.on('message.texts', () => undefined)
}

export function linearTypes(secret: string): void {
  const receiver = createReceiver({ provider: linear<LinearEvents>({ secret }) })
  receiver.on('Issue.create', (event) => {
    expectType<string>()(event.payload.data.title)
    expectType<'Issue'>()(event.payload.type)
    // The delivery has text here, although the SDK declares a date.
    expectType<string>()(event.payload.createdAt)
  })
  receiver.on('Comment', (event) => expectType<string>()(event.payload.data.body))
  receiver.on('IssueSLA.breached', (event) => expectType<string>()(event.payload.issueData.title))
  // @ts-expect-error -- no such topic
  receiver.on('Isue.create', () => undefined)
}

export function openaiTypes(secret: string): void {
  const receiver = createReceiver({ provider: openai<OpenaiEvents>({ secret }) })
  receiver.on('response.completed', (event) => {
    expectType<'response.completed'>()(event.payload.type)
    expectType<string>()(event.payload.data.id)
    // @ts-expect-error -- a member of another event
    void event.payload.data.call_id
  })
  receiver.on('realtime.call.incoming', (event) => expectType<string>()(event.payload.data.call_id))
  // @ts-expect-error -- no such topic
  receiver.on('response.complete', () => undefined)
}

export function squareTypes(signatureKey: string): void {
  const receiver = createReceiver({ provider: square<SquareEvents>({ signatureKey }) })
  receiver.on('payment.updated', (event) => {
    expectType<'payment.updated'>()(event.payload.type)
    expectType<string | null | undefined>()(event.payload.event_id)
    expectType<string | null | undefined>()(event.payload.data?.object?.payment?.order_id)
    // @ts-expect-error -- the SDK renames it, the wire does not
    void event.payload.eventId
  })
  receiver.on('invoice.payment_made', (event) => void event.payload.data?.object?.invoice?.id)
  receiver.on('labor.scheduled_shift.published', (event) => void event.payload.data?.id)
  receiver.on('online_checkout.location_settings.updated', (event) => void event.payload.data)
  // @ts-expect-error -- no such topic: no type of the SDK has this name
  receiver.on('payment.deleted', () => undefined)
}

export function telegramTypes(secretToken: string): void {
  const receiver = createReceiver({ provider: telegram<TelegramEvents>({ secretToken }) })
  receiver.on('callback_query', (event) => {
    expectType<number>()(event.payload.update_id)
    expectType<string | undefined>()(event.payload.callback_query.data)
    // @ts-expect-error -- a member of another update
    void event.payload.message
  })
  receiver.answer('message', (event) => ({
    method: 'sendMessage',
    chat_id: event.payload.message.chat.id,
    text: event.payload.message.text,
  }))
  // @ts-expect-error -- no such topic
  receiver.on('update_id', () => undefined)
}
