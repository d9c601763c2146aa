import type { DatabaseSync } from 'node:sqlite'
import type { Claim } from '@postern/core/engine'
import { expect, test } from 'vitest'
import { intake, item } from '../../testing/src/inbox/make.ts'
import { DONE_OUTCOME } from '../../testing/src/inbox/recorder.ts'
import { sqliteScene } from './scene.ts'

const { open, join, edit, row, rows, run } = sqliteScene()

/** Runs one task, and calls `act` with its claim. Returns what `act` threw. */
async function attempt(act: (claim: Claim) => unknown, id = '1'): Promise<unknown> {
  let thrown: unknown
  const shop = join(open(), {
    async run(claim) {
      try {
        act(claim)
      } catch (error) {
        thrown = error
      }
      return DONE_OUTCOME
    },
  })
  await shop.port.accept(intake(item(id)), {})
  await shop.untilSettled(1)
  return thrown
}

test('a write that gives a promise is rejected and rolled back, since no transaction may stay open', async () => {
  const thrown = await attempt(({ commit }) =>
    commit!(async (db) => {
      ;(db as DatabaseSync).exec('CREATE TABLE half (id TEXT)')
    }, undefined),
  )
  expect(thrown).toBeInstanceOf(TypeError)
  expect((thrown as Error).message).toContain('synchronous')
  expect(row("SELECT 1 FROM sqlite_schema WHERE name = 'half'")).toBeUndefined()
})

test('what such a write does later writes nothing either, and the next commit works', async () => {
  run('CREATE TABLE late (id TEXT)')
  const go = Promise.withResolvers<void>()
  const writes: Promise<unknown>[] = []
  const thrown = await attempt(({ commit }) =>
    commit!((db) => {
      const write = async (): Promise<void> => {
        const add = (id: string): void =>
          (db as DatabaseSync).exec(`INSERT INTO late VALUES ('${id}')`)
        add('at once')
        await go.promise
        add('later')
      }
      writes.push(write())
      return writes[0]
    }, undefined),
  )
  expect(thrown).toBeInstanceOf(TypeError)
  expect(
    await attempt(
      ({ commit }) =>
        commit!((db) => (db as DatabaseSync).exec("INSERT INTO late VALUES ('next')"), undefined),
      '2',
    ),
  ).toBeUndefined()
  go.resolve()
  expect(await Promise.allSettled(writes)).toMatchObject([{ status: 'rejected' }])
  expect(rows('SELECT id FROM late')).toEqual([{ id: 'next' }])
})

test('commit gives what write gives, and only once', async () => {
  const thrown = await attempt(({ commit }) => {
    expect(commit!(() => 42, undefined)).toBe(42)
    commit!(() => 43, undefined)
  })
  expect((thrown as Error).message).toContain('has ended already')
})

test('a foreign writer that does not let go fails the commit with the reason, and the task is not done', async () => {
  const inbox = open()
  const errors: unknown[] = []
  const shop = join(inbox, {
    async run({ commit, attempt: at }) {
      if (at > 1) return DONE_OUTCOME
      edit((foreign) => {
        foreign.exec('BEGIN IMMEDIATE')
        try {
          commit!(() => undefined, undefined)
        } catch (error) {
          errors.push(error)
        }
        foreign.exec('ROLLBACK')
      })
      return { kind: 'retry', at: Date.now(), error: { name: 'Error', message: 'busy' } }
    },
  })
  await shop.port.accept(intake(item('1')), {})
  await shop.untilSettled(2)
  expect(String(errors[0])).toContain('another process holds its write lock')
  expect(shop.settled.map(({ outcome }) => outcome.kind)).toEqual(['retry', 'done'])
})
