import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import { gate } from '../../testing/src/inbox/gate.ts'
import { storedDelivery, intake, item } from '../../testing/src/inbox/make.ts'
import { createTaskRecorder, DONE_OUTCOME } from '../../testing/src/inbox/recorder.ts'
import { sqliteInbox } from '../src/index.ts'

test('a full disk: 503 with the reason, nothing by half, outcomes are kept until there is room', async (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'postern-full-'))
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=3m', 'tmpfs', folder], { stdio: 'pipe' })
  } catch (error) {
    rmSync(folder, { recursive: true })
    return context.skip(`no small disk could be mounted (Linux as root can): ${String(error)}`)
  }
  const path = join(folder, 'inbox.db')
  try {
    writeFileSync(join(folder, 'filler'), new Uint8Array(1024 * 1024))
    const open = gate()
    const inbox = sqliteInbox({ path, pollInterval: 5 })
    const shop = createTaskRecorder({ run: () => open.passed.then(() => DONE_OUTCOME) })
    const port = inbox.attach(shop.consumer)
    port.work!()
    const taken: string[] = []
    let refusal: unknown
    for (let at = 0; refusal === undefined; at++) {
      const large = storedDelivery({ body: new Uint8Array(20_000) })
      try {
        await port.accept({ delivery: large, items: [item(`${at}`), item(`${at}+`)] }, {})
        taken.push(`${at}`, `${at}+`)
      } catch (error) {
        refusal = error
      }
    }
    expect(refusal).toMatchObject({
      code: 'inbox_full',
      status: 503,
      message: expect.stringContaining('its disk is full'),
    })
    expect(taken.length).toBeGreaterThan(10)
    // What ran meanwhile has ended, but its outcomes find no room.
    open.pass()
    await shop.until('attempts have ended', () => shop.runs.length > 0)
    rmSync(join(folder, 'filler'))
    expect(await port.accept(intake(item('room')), {})).toEqual(['new'])
    await shop.untilSettled(taken.length + 1)
    expect(shop.settled.every(({ stored }) => stored)).toBe(true)
    expect(new Set(shop.ran()).size).toBe(taken.length + 1)
    expect(shop.runs.length).toBe(taken.length + 1)
    await port.close(Date.now() + 1000)
    await inbox.close()
    const db = new DatabaseSync(path)
    expect(db.prepare('PRAGMA integrity_check').get()).toEqual({ integrity_check: 'ok' })
    expect(db.prepare('SELECT count(*) AS n FROM postern_events').get()).toEqual({
      n: taken.length + 1,
    })
    db.close()
  } finally {
    execFileSync('umount', ['-l', folder], { stdio: 'pipe' })
    rmSync(folder, { recursive: true })
  }
})
