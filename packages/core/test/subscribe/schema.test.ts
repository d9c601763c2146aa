import { type } from 'arktype'
import * as v from 'valibot'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import type { StandardSchema } from '../../src/index.ts'
import { setup, throwing } from '../acme.ts'

const schemas = {
  zod: z.object({ amount: z.number(), items: z.array(z.object({ price: z.number() })) }),
  valibot: v.object({ amount: v.number(), items: v.array(v.object({ price: v.number() })) }),
  arktype: type({ amount: 'number', items: type({ price: 'number' }).array() }),
  'zod, later': z
    .object({ amount: z.number(), items: z.array(z.object({ price: z.number() })) })
    .refine(async () => true),
} satisfies Record<string, StandardSchema>

describe.each(Object.entries(schemas))('%s', (_, schema) => {
  test('a payload that matches is handled', async () => {
    const { receiver, heard, send } = setup()
    const seen: number[] = []
    receiver.on('charge', { schema }, (event) => {
      seen.push(event.payload.amount, ...event.payload.items.map((item) => item.price))
    })
    await send({ topic: 'charge', payload: { amount: 5, items: [{ price: 3 }] } })
    await heard.until('done')
    expect(seen).toEqual([5, 3])
  })

  test('one that does not is a dead task with the issues, and a 200', async () => {
    const { receiver, heard, send } = setup()
    let runs = 0
    receiver.on('charge', { schema }, () => void runs++)
    const payload = { amount: 'hunter2', items: [{ price: 1 }, { price: 'x' }] }
    const reply = await send({ topic: 'charge', id: 'e1', payload })
    expect(reply.status).toBe(200)
    const [, error] = await heard.until('dead')
    expect(runs).toBe(0)
    expect(error.name).toBe('SchemaMismatch')
    expect(error.issues?.map((issue) => issue.path)).toEqual(['amount', 'items.1.price'])
    expect(error.message).toBe('the payload does not match the schema at amount, items.1.price')
    expect(await receiver.tasks()).toMatchObject([{ state: 'dead', attempt: 1 }])
  })
})

test('what a schema makes of the payload is what the handler gets, and no other', async () => {
  const { receiver, heard, send } = setup()
  const seen: unknown[] = []
  const schema = z.object({ at: z.string().transform((text) => new Date(text)) })
  receiver.on('charge', { schema, retry: { attempts: 2, initialDelay: 0 } }, (event, task) => {
    seen.push(event.payload.at.getUTCFullYear())
    if (task.attempt === 1) throw new Error('again')
  })
  receiver.on('charge', (event) => void seen.push(event.payload))
  await send({ topic: 'charge', payload: { at: '2024-05-01' } })
  await heard.until('done', 2)
  expect(seen).toHaveLength(3)
  expect(seen).toContainEqual({ at: '2024-05-01' })
  expect(seen.filter((each) => each === 2024)).toHaveLength(2)
})

test('a schema that throws is a failed attempt', async () => {
  const { receiver, heard, send } = setup()
  const schema: StandardSchema = {
    '~standard': {
      version: 1,
      vendor: 'broken',
      validate: throwing(new Error('broken schema')),
    },
  }
  receiver.on('charge', { schema, retry: { attempts: 2, initialDelay: 0 } }, () => {})
  await send({ topic: 'charge' })
  expect((await heard.until('dead'))[1].message).toBe('broken schema')
  expect(heard.all('retried')).toHaveLength(1)
})
