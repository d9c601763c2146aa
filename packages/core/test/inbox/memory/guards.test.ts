import { expect, test } from 'vitest'
import type { Guard } from '../../../src/inbox/engine/index.ts'
import { intake, item, scene } from './scene.ts'

const reject = (key: string): { guards: Guard[] } => ({ guards: [{ key, otherwise: 'reject' }] })
const HOST = {}

test('a guard of another event rejects all of a delivery, and nothing of it is taken', async () => {
  const { port, inbox, untilSettled } = scene()
  port.work!()
  expect(await port.accept(intake(item('1', ['a'], reject('signature'))), HOST)).toEqual(['new'])
  const forged = intake(item('2'), item('3', ['a'], reject('signature')))
  expect(await port.accept(forged, HOST)).toEqual(['rejected', 'rejected'])
  await untilSettled(1)
  // Done, and its key is still taken.
  expect(await port.accept(forged, HOST)).toEqual(['rejected', 'rejected'])
  expect(await port.accept(intake(item('2')), HOST)).toEqual(['new'])
  expect((await inbox.view!.list({ eventId: '3' })).rows).toEqual([])
})

test('the event that holds a guard is a duplicate or revived, as without one', async () => {
  let dead = true
  const error = { name: 'Error', message: 'no' }
  const { port, untilSettled } = scene({
    run: () => (dead ? { kind: 'dead', error } : { kind: 'done' }),
  })
  port.work!()
  const guarded = intake(item('1', ['a'], reject('signature')))
  await port.accept(guarded, HOST)
  expect(await port.accept(guarded, HOST)).toEqual(['duplicate'])
  await untilSettled(1)
  dead = false
  expect(await port.accept(guarded, HOST)).toEqual(['revived'])
  await untilSettled(2)
  expect(await port.accept(guarded, HOST)).toEqual(['duplicate'])
})

test('a guard can make duplicates, in one delivery too, and each receiver has its own', async () => {
  const one = scene({ receiver: 'one' })
  const other = scene({ receiver: 'other' })
  const same = { guards: [{ key: 'body', otherwise: 'duplicate' }] } as const
  const batch = intake(item('1', ['a'], same), item('2', ['a'], same), item('3'))
  expect(await one.port.accept(batch, HOST)).toEqual(['new', 'duplicate', 'new'])
  expect(await other.port.accept(intake(item('2', ['a'], same)), HOST)).toEqual(['new'])
  expect((await one.inbox.view!.list()).rows).toHaveLength(2)
})
