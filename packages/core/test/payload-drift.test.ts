import { payloadDrift, type PayloadDrift, type StandardSchema } from '@postern/core'
import { expect, test } from 'vitest'
import * as v from 'valibot'
import * as z from 'zod'
import { acme, setup } from './acme.ts'

function receiving(schemas: Readonly<Record<string, StandardSchema>>, stableAfter?: number) {
  const told: PayloadDrift[] = []
  const handled: unknown[] = []
  const { receiver, heard, send } = setup({
    provider: acme({
      events: (_, { value }) => [{ topic: (value as { type: string }).type, payload: value }],
    }),
    name: 'shop',
    observers: [
      payloadDrift({
        schemas,
        onChange: (drift) => told.push(drift),
        ...(stableAfter !== undefined && { stableAfter }),
      }),
    ],
  })
  receiver.onAny((event) => void handled.push(event.payload))
  return {
    told,
    send: async (...payloads: readonly object[]) => {
      for (const payload of payloads) {
        expect((await send({ payload })).status).toBe(200)
        await heard.until('done', heard.all('accepted').length)
        expect(handled.at(-1)).toEqual(payload)
      }
    },
    close: () => receiver.close(),
  }
}

const kinds = {
  zod: z.object({ type: z.string(), items: z.array(z.object({ price: z.number() })) }),
  valibot: v.object({ type: v.string(), items: v.array(v.object({ price: v.number() })) }),
  'by promise': {
    '~standard': {
      version: 1,
      vendor: 'test',
      validate: async (value: unknown) => {
        const { items } = value as { items: { price: unknown }[] }
        return items.every(({ price }) => typeof price === 'number')
          ? { value }
          : { issues: [{ message: 'no number', path: ['items', { key: 0 }, 'price'] }] }
      },
    },
  } satisfies StandardSchema,
}

test.each(Object.entries(kinds))(
  '%s: a difference is told once by topic and path, and again when it is over; handlers run',
  async (_, schema) => {
    const { told, send, close } = receiving({ 'invoice.*': schema as StandardSchema }, 2)
    const right = { type: 'invoice.paid', items: [{ price: 1 }] }
    const wrong = { type: 'invoice.paid', items: [{ price: '1' }] }
    const other = { ...wrong, type: 'invoice.sent' }
    const summary = () => told.map(({ topic, path, now }) => [topic, path, now])
    const paid = ['invoice.paid', 'items.0.price', 'differs']
    await send(right, wrong, wrong, { type: 'order', items: 3 })
    expect(summary()).toEqual([paid])
    expect(told[0]).toMatchObject({ receiver: 'shop', message: expect.any(String) })
    await send(other, right, wrong)
    expect(summary()).toEqual([paid, ['invoice.sent', 'items.0.price', 'differs']])
    await send(right, right)
    await send(wrong)
    expect(summary().slice(2)).toEqual([['invoice.paid', 'items.0.price', 'matches'], paid])
    await close()
  },
)

test('a schema that throws, and paths that the sender invents, harm nobody', async () => {
  const many: StandardSchema = {
    '~standard': {
      version: 1,
      vendor: 'test',
      validate: (value) => {
        if ((value as { throws?: true }).throws) throw new Error('broken')
        return {
          issues: Array.from({ length: 3000 }, (_, at) => ({ message: 'no', path: [at] })),
        }
      },
    },
  }
  const { told, send, close } = receiving({ '**': many })
  await send({ type: 'a', throws: true }, { type: 'a' })
  expect(told.length).toBe(1000)
  await close()
})

test('mistakes are told when it is made', () => {
  const told = () => undefined
  expect(() => payloadDrift({ schemas: {}, onChange: told })).toThrow('one or more')
  expect(() => payloadDrift(5 as never)).toThrow('payloadDrift: options must be an object')
  expect(() => payloadDrift({ schemas: 5 as never, onChange: told })).toThrow(
    'payloadDrift: schemas must be an object',
  )
  expect(() => payloadDrift({ schema: {} } as never)).toThrow('payloadDrift: unknown option schema')
  expect(() => payloadDrift({ schemas: { a: {} as never }, onChange: told })).toThrow(
    'Standard Schema',
  )
  expect(() => payloadDrift({ schemas: { a: kinds.zod }, onChange: 1 as never })).toThrow(
    'onChange must',
  )
  expect(() => payloadDrift({ schemas: { a: kinds.zod }, onChange: told, stableAfter: 0 })).toThrow(
    'stableAfter',
  )
})
