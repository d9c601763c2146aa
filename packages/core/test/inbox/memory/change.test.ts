import { expect, test } from 'vitest'
import { intake, item, scene } from './scene.ts'

test('a list filters by part, provider, pattern, keys and text, and says how far it looked', async () => {
  const { inbox, port } = scene()
  const of = async (id: string, topic: string, payload: unknown, part?: string): Promise<void> => {
    const task = { subscription: 'a', ...(part !== undefined && { part }) }
    await port.accept(intake(item(id, [task], { topic, payload, provider: id })), {})
  }
  await of('1', 'order.paid', { to: 'Ann' })
  await of('2', 'order.void', { big: 10n })
  await of('3', 'customer.new', {}, 'x')
  const ids = async (filter: object): Promise<unknown> =>
    (await inbox.view!.list(filter)).rows!.map(({ event }) => event.id)
  expect(await ids({ topic: 'order.*' })).toEqual(['2', '1'])
  expect(await ids({ part: 'x' })).toEqual(['3'])
  expect(await ids({ provider: '2' })).toEqual(['2'])
  expect(await ids({ keys: [':1', ':3', ':9'] })).toEqual(['3', '1'])
  expect(await ids({ text: 'ann' })).toEqual(['1'])
  expect(await ids({ text: 'VOID' })).toEqual(['2'])
  for (let at = 10; at < 300; at++) await of(`${at}`, 'x', {})
  const searched = await inbox.view!.list({ topic: 'order.*', budget: 0 })
  expect(searched.rows).toEqual([])
  expect(searched.searchedTo).toBeTypeOf('number')
  let found = 0
  for (let { cursor } = searched; cursor !== undefined;) {
    const page = await inbox.view!.list({ topic: 'order.*', budget: 0, cursor })
    found += page.rows!.length
    cursor = page.cursor
  }
  expect(found).toBe(2)
  await expect(inbox.view!.list({ limit: 0 })).rejects.toThrow('limit: must be')
  await expect(inbox.view!.list({ cursor: 'x' })).rejects.toThrow('cursor: must be')
})
