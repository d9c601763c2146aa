import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { expect, test } from 'vitest'
import { sqliteScene, startVictim } from './scene.ts'

const scene = sqliteScene()

test('tasks of a process that was killed run at once, however long its lease is', async () => {
  const child = startVictim(scene.file.path, '1h', ['slow'])
  const shop = scene.join(scene.open({ lease: '1h', pollInterval: 20 }), { lanes: ['none'] })
  await scene.untilFound(
    'SELECT 1 FROM postern_tasks WHERE state = 1 UNION ALL SELECT 1 FROM postern_claimed',
  )
  child.kill('SIGKILL')
  await once(child, 'exit')
  const next = scene.join(scene.open({ lease: '1h', pollInterval: 20 }))
  await next.untilSettled(1)
  expect(next.runs[0]!.claim.attempt).toBe(1)
  expect(shop.runs).toEqual([])
  // The file of the killed process is deleted. The two others belong to live processes.
  const left = readdirSync(dirname(scene.file.path)).filter((name) => name.includes('-process-'))
  expect(left).toHaveLength(2)
})
