import { expect, test } from 'vitest'
import { DONE_OUTCOME, drain, intake, item, retryIn, scene } from './scene.ts'

const of = (fairKey: string): readonly { subscription: string; fairKey: string }[] => [
  { subscription: 'a', fairKey },
]

test("a quiet tenant's task starts after at most one task of each other tenant", async () => {
  const { port, runs, untilSettled } = scene()
  for (let at = 0; at < 50; at++) await port.accept(intake(item(`flood${at}`, of('flood'))), {})
  for (let at = 0; at < 3; at++) await port.accept(intake(item(`small${at}`, of('small'))), {})
  await port.accept(intake(item('quiet', of('quiet'))), {})
  port.work!()
  await untilSettled(54)
  const ran = runs.map(({ claim }) => claim.event.id)
  expect(ran.slice(0, 6)).toEqual(['flood0', 'small0', 'quiet', 'flood1', 'small1', 'flood2'])
})

test('retries of a failing flood keep the turn of their tenant', async () => {
  const { port, runs, untilSettled } = scene({
    run: ({ event, attempt }) =>
      event.id!.startsWith('flood') && attempt < 9 ? retryIn(0) : DONE_OUTCOME,
  })
  for (let at = 0; at < 20; at++) await port.accept(intake(item(`flood${at}`, of('flood'))), {})
  await drain(port, 10)
  await port.accept(intake(item('quiet', of('quiet'))), {})
  await drain(port, 2)
  expect(runs.slice(10).map(({ claim }) => claim.event.id)).toContain('quiet')
  port.work!()
  await untilSettled(20 * 9 + 1)
})

test('a tenant has half of the room, and the others the rest', async () => {
  const { port } = scene({}, { maxPending: 10 })
  for (let at = 0; at < 5; at++) await port.accept(intake(item(`f${at}`, of('flood'))), {})
  await expect(port.accept(intake(item('f5', of('flood'))), {})).rejects.toMatchObject({
    code: 'inbox_full',
    option: 'maxPendingShare',
    limit: 5,
    got: 5,
  })
  expect(await port.accept(intake(item('q', of('quiet'))), {})).toEqual(['new'])
})
