import { afterAll, beforeAll, expect, test } from 'vitest'
import { durableObjectInbox } from '../src/remote.ts'
import { eventually, opened, openWorld, type World } from './world.ts'

const HOUR = 3_600_000
const namespace = { getByName() {} }
let world: World

beforeAll(async () => void (world = await openWorld('short-window.ts')))
afterAll(() => world.close())

test('a Worker that counts on ids for longer than its object knows them is rejected, and told why', async () => {
  // A catch-up of this Worker would fetch events that the object has forgotten.
  expect(await world.send(opened('e1'))).toBe(503)
  await eventually(() =>
    expect(world.errors()).toContain(
      'dedupeWindow is 96 hours in the Worker, but 80 hours in the Durable Object; give worker() or durableObjectInbox() the dedupeWindow of durableObject()',
    ),
  )
  expect(await world.send(opened('e2'), { query: '?told' })).toBe(200)
  await world.reached('e2')
  expect(world.ran).toEqual(['e2'])
})

test('the window of the inbox in a Worker is the one it is told', () => {
  expect(durableObjectInbox(namespace).dedupeWindow).toBe(96 * HOUR)
  expect(durableObjectInbox(namespace, { dedupeWindow: '80h' }).dedupeWindow).toBe(80 * HOUR)
  expect(() => durableObjectInbox(namespace, { dedupeWindow: 80 as never })).toThrow(
    "durableObjectInbox: dedupeWindow must be a time with its unit such as '4d', got 80",
  )
})
