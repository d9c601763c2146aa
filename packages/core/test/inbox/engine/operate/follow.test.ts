import { expect, test } from 'vitest'
import { followTasks, type FollowedTasks } from '../../../../src/inbox/engine/index.ts'

test('tasks are followed until they have ended, and are not read again then', async () => {
  const rows: Record<string, object> = {
    '1': { state: 'done' },
    '2': { state: 'dead', cause: 'a' },
    '3': { state: 'dead', cause: 'b' },
    '4': { state: 'running' },
  }
  const read: string[] = []
  const list = async ({ id }: { readonly id: string }) => {
    read.push(id)
    return { rows: id in rows ? [rows[id]] : [] }
  }
  const follow = (tasks: readonly string[], cause?: string): FollowedTasks =>
    followTasks({ list } as never, tasks, cause)
  const followed = follow(['1', '2', '3', '4', '5', '4'], 'a')
  const none = { done: 0, dead: 0, same: 0, gone: 0, waiting: 0 }
  expect(await followed.look(0)).toEqual({ ...none, waiting: 5 })
  const ends = { done: 1, dead: 2, same: 1, gone: 1, waiting: 1 }
  expect(await followed.look(60_000)).toEqual(ends)
  rows['4'] = { state: 'dead' }
  expect(await followed.look(60_000)).toEqual({ ...ends, dead: 3, waiting: 0 })
  expect(read).toEqual(['1', '2', '3', '4', '5', '4'])
  expect(await follow(['4']).look(60_000)).toEqual({ ...none, dead: 1 })
})
