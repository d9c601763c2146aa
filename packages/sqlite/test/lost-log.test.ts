import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import { sqliteScene, startVictim } from './scene.ts'

const scene = sqliteScene()

test('a log that is deleted under a process that is killed then: nothing that it acknowledged is lost', async () => {
  const { path } = scene.file
  const ids = Array.from({ length: 31 }, (_, at) => `e${at}`)
  const victim = startVictim(path, '1h', [...ids, 'slow'])
  const lines: string[] = []
  createInterface(victim.stdout!).on('line', (line) => lines.push(line))
  await expect
    .poll(() => lines.filter((line) => line === 'settled it'), { timeout: 15_000 })
    .toHaveLength(31)
  rmSync(`${path}-wal`)
  // Reads only the main file, because the log that the process uses no longer has a name.
  const known = (): unknown => {
    const db = new DatabaseSync(`file:${path}?immutable=1`, { readOnly: true })
    try {
      return db.prepare('SELECT count(*) AS n FROM postern_events').get()!['n']
    } catch {
      return undefined
    } finally {
      db.close()
    }
  }
  await expect.poll(known, { timeout: 15_000 }).toBe(32)
  victim.kill('SIGKILL')
  await once(victim, 'exit')
  const inbox = scene.open()
  const { rows } = await inbox.view!.list({ limit: 100 })
  expect(new Set(rows.map(({ event }) => event.id))).toEqual(new Set([...ids, 'slow']))
})

test('eight processes that start at once on one file all start', async () => {
  for (const round of [1, 2]) {
    const victims = Array.from({ length: 8 }, (_, at) =>
      startVictim(scene.file.path, '1h', [`r${round} ${at}`]),
    )
    const told = victims.map(async (victim) => {
      for await (const line of createInterface(victim.stdout!))
        if (line === 'settled it') return line
      return 'ended'
    })
    expect(await Promise.all(told)).toEqual(victims.map(() => 'settled it'))
    for (const victim of victims) victim.kill('SIGKILL')
    await Promise.all(victims.map((victim) => once(victim, 'exit')))
  }
}, 120_000)
