import { afterEach, beforeEach, expect, test } from 'vitest'
import { eventually, opened, openWorld, type World } from './world.ts'

let world: World

beforeEach(async () => void (world = await openWorld()))
afterEach(() => world.close())

// Takes 10 s, because the alarm is set that far ahead before a task runs.
test('a killed process: the next one goes on by its alarm, without a request', async () => {
  expect(await world.send(opened('e1', { slow: 600_000 }))).toBe(200)
  await world.reached('e1')
  await world.kill()
  expect(world.ran).toEqual(['e1'])
  await world.start()
  await eventually(() => expect(world.ran).toEqual(['e1', 'e1']))
})
