import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { expect, test } from 'vitest'
import { sqliteScene } from './scene.ts'

const scene = sqliteScene()

test('tasks of a process that was killed run at once, however long its lease is', async () => {
  const at = (name: string): string => JSON.stringify(new URL(name, import.meta.url).href)
  const program = `
    import { sqliteInbox } from ${at('../src/index.ts')}
    import { createRecorder } from ${at('../../testing/src/inbox/recorder.ts')}
    import { intake, item } from ${at('../../testing/src/inbox/make.ts')}
    const { consumer } = createRecorder({ run: () => new Promise(() => {}) })
    const port = sqliteInbox({ path: ${JSON.stringify(scene.file.path)}, lease: '1h' }).attach(consumer)
    port.work()
    await port.accept(intake(item('1')), {})
    setInterval(() => {}, 1000)`
  const child = spawn(process.execPath, ['--no-warnings', '--input-type=module', '--eval', program])
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
  // Of the killed process nothing is left.
  const left = readdirSync(dirname(scene.file.path)).filter((name) => name.includes('-process-'))
  expect(left).toHaveLength(2)
})
