import { expect, test } from 'vitest'
import { intake, item, scene } from './scene.ts'

test('a search without time says how far it looked, and its cursors lead to the end', async () => {
  const { inbox, port } = scene()
  for (let at = 0; at < 300; at++) {
    const topic = at < 2 ? 'order.paid' : 'x'
    await port.accept(intake(item(`${at}`, ['a'], { topic })), {})
  }
  const list = async (cursor?: string) =>
    inbox.view!.list({ topic: 'order.*', budget: 0, ...(cursor !== undefined && { cursor }) })
  let page = await list()
  expect(page.rows).toEqual([])
  expect(page.searchedTo).toBeTypeOf('number')
  let found = 0
  for (; page.cursor !== undefined; found += page.rows.length) page = await list(page.cursor)
  expect(found).toBe(2)
  await expect(inbox.view!.list({ limit: 0 })).rejects.toThrow('limit: must be')
  await expect(inbox.view!.list({ cursor: 'x' })).rejects.toThrow('cursor: must be')
})
