import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import { sqliteScene, startVictim } from './scene.ts'

const scene = sqliteScene()

test('a process that is paused for longer than its lease loses its task, and stops the run when it goes on', async () => {
  const child = startVictim(scene.file.path, '900ms', ['slow'])
  const lines = createInterface(child.stdout!)[Symbol.asyncIterator]()
  const next = async (): Promise<unknown> => (await lines.next()).value
  try {
    expect(await next()).toBe('runs')
    await pauseUnlocked(child)
    const other = scene.join(scene.open({ lease: '900ms' }))
    await other.untilSettled(1)
    expect(other.settled[0]!.stored).toBe(true)
    expect(other.runs[0]!.claim.attempt).toBe(1)
    child.kill('SIGCONT')
    expect([await next(), await next()]).toEqual(['is told to stop', 'was rejected'])
    expect(other.runs).toHaveLength(1)
  } finally {
    child.kill('SIGKILL')
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  }
})

/**
 * Pauses a process while it holds no lock on the file. If it were paused with the write lock, no process could write.
 */
async function pauseUnlocked(child: ChildProcess): Promise<void> {
  for (;;) {
    child.kill('SIGSTOP')
    if (scene.edit(isUnlocked)) return
    child.kill('SIGCONT')
    await new Promise((resolve) => setImmediate(resolve))
  }
}

function isUnlocked(db: DatabaseSync): boolean {
  db.exec('PRAGMA busy_timeout = 0')
  try {
    db.exec('BEGIN IMMEDIATE; ROLLBACK')
    return true
  } catch {
    return false
  }
}
