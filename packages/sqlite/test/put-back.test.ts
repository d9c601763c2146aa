import { backup, DatabaseSync } from 'node:sqlite'
import type { Outcome } from '@postern/core/engine'
import { expect, test } from 'vitest'
import { intake, item } from '../../testing/src/inbox/make.ts'
import { sqliteScene } from './scene.ts'

const scene = sqliteScene()
const { open, join, row } = scene

/** Copies a database over another, as `.restore` of SQLite's shell does. */
async function copy(from: string, to: string): Promise<void> {
  const db = new DatabaseSync(from)
  await backup(db, to)
  db.close()
}

for (const claims of ['several', 'one'] as const)
  test(`a file that was put back under a process that runs ${claims}: nothing is settled that never ran`, async () => {
    const runs: string[] = []
    const ends = new Map<string, (outcome: Outcome) => void>()
    const inbox = open()
    const shop = join(inbox, {
      run(claim) {
        runs.push(claim.event.id!)
        return new Promise((resolve) => ends.set(claim.event.id!, resolve))
      },
    })
    const accept = async (id: string) => shop.port.accept(intake(item(id)), {})
    await accept('before')
    await expect.poll(() => runs).toEqual(['before'])
    await copy(scene.file.path, `${scene.file.path}.copy`)
    for (const id of claims === 'one' ? ['lost'] : ['lost', 'lost 2', 'lost 3']) {
      await accept(id)
      await expect.poll(() => runs).toContain(id)
    }
    await copy(`${scene.file.path}.copy`, scene.file.path)
    // The event `after` gets the number of a lost event. Its first delivery may be rejected, and is then repeated.
    const after = async (): Promise<unknown> => accept('after').catch(() => 'rejected')
    await expect.poll(after).not.toBe('rejected')
    for (const [id, end] of ends) if (id !== 'after') end({ kind: 'done' })
    await expect.poll(() => runs.filter((id) => id === 'after')).toHaveLength(1)
    const of = (id: string) =>
      row(
        'SELECT t.state FROM postern_tasks t JOIN postern_events e ON e.id = t.id >> 16 WHERE e.event_id = ?',
        id,
      )
    ends.get('after')!({ kind: 'done' })
    await expect.poll(() => of('after')).toEqual({ state: 2 })
    expect(shop.warnings.join('\n')).toContain('was restored to an earlier state')
    // The restored file decides about earlier runs. Its claim of `before` is free, so `before` runs again.
    await expect.poll(() => runs.filter((id) => id === 'before')).toHaveLength(2)
    ends.get('before')!({ kind: 'done' })
    await expect.poll(() => of('before')).toEqual({ state: 2 })
    expect(await accept('lost')).toEqual(['new'])
  })
