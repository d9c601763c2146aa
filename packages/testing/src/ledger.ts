import { strict as assert } from 'node:assert'
import type { Guard } from '@postern/core/engine'
import type { Ledger } from '@postern/core/inbox'

/** A ledger (a store of claimed and done keys) to test with {@link testLedger}. */
export interface LedgerUnderTest {
  /** The ledger. Its store must be empty, or must not have the keys of earlier tests. */
  readonly ledger: Ledger
  /**
   * A second client of the same store, as another process would have. If the ledger works only in this process, omit
   * `other`.
   */
  readonly other?: Ledger
  /** Deletes the store after a test. */
  stop?(): Promise<void>
}

const LONG = 60_000
const SHORT = 30

/**
 * Defines the contract tests of a {@link Ledger}. Of several claims for one key, one wins. A process that lost its
 * lease changes nothing. Claims are counted, and done keys stay done. Leases end in real time, after a few tens of
 * milliseconds.
 *
 * @example
 * testLedger(() => ({ ledger: memoryLedger() }), { describe, test })
 */
export function testLedger(
  make: () => LedgerUnderTest | Promise<LedgerUnderTest>,
  { describe, test }: TestRunner,
): void {
  describe('ledger', () => {
    check('gives an unknown key to whoever claims it first', async (one, two) => {
      assert.deepEqual(await one.claim('k', 'a', LONG), claimed(1))
      const late = await two.claim('k', 'b', LONG)
      assert.equal(late.kind, 'busy')
      assert.ok(late.kind === 'busy' && late.left > 0 && late.left <= LONG)
      assert.equal((await two.claim('other', 'b', LONG)).kind, 'claimed')
    })

    check('knows what was committed', async (one, two) => {
      await one.claim('k', 'a', LONG)
      assert.equal(await one.commit('k', 'a'), true)
      assert.deepEqual(await two.claim('k', 'b', LONG), { kind: 'done' })
    })

    check('gives what was released to the next, with its state and the count', async (one, two) => {
      await one.claim('k', 'a', LONG)
      assert.equal(await one.release('k', 'a', '["ünï", "\u0000"]'), true)
      assert.deepEqual(await two.claim('k', 'b', LONG), claimed(2, '["ünï", "\u0000"]'))
      assert.equal(await two.release('k', 'b', ''), true)
      assert.deepEqual(await one.claim('k', 'c', LONG), claimed(3, ''))
    })

    check('gives a key whose lease ran out to the next, and counts that', async (one, two) => {
      await one.claim('k', 'a', SHORT)
      assert.equal(await one.renew('k', 'a', SHORT, 'half done'), true)
      assert.deepEqual(await untilClaimed(two, 'k', 'b'), claimed(2, 'half done'))
    })

    check('accepts nothing from a process that lost the lease to another', async (one, two) => {
      await one.claim('k', 'a', SHORT)
      await untilClaimed(two, 'k', 'b')
      assert.equal(await one.commit('k', 'a'), false)
      assert.equal(await one.release('k', 'a', 'late'), false)
      assert.equal(await one.renew('k', 'a', LONG, 'late'), false)
      assert.equal((await one.claim('k', 'c', LONG)).kind, 'busy')
      assert.equal(await two.commit('k', 'b'), true)
      assert.equal(await one.commit('k', 'a'), false)
    })

    check('holds a key for as long as it is renewed', async (one, two) => {
      await one.claim('k', 'a', SHORT)
      assert.equal(await one.renew('k', 'a', LONG), true)
      await pause(2 * SHORT)
      assert.equal((await two.claim('k', 'b', LONG)).kind, 'busy')
      assert.equal(await one.commit('k', 'a'), true)
    })

    check('accepts nothing for a key that nobody claimed, or that is settled', async (one) => {
      assert.equal(await one.commit('k', 'a'), false)
      assert.equal(await one.release('k', 'a', ''), false)
      assert.equal(await one.renew('k', 'a', LONG), false)
      await one.claim('k', 'a', LONG)
      await one.commit('k', 'a')
      assert.equal(await one.release('k', 'a', ''), false)
      assert.deepEqual(await one.claim('k', 'b', LONG), { kind: 'done' })
    })

    check('keeps keys apart whatever they hold', async (one) => {
      const keys = ['', ' ', 'a:b', 'a', 'b', '{x}y', '{x}', '*', 'ü', 'u\u0308', 'l'.repeat(5000)]
      for (const key of keys) assert.equal((await one.claim(key, 'a', LONG)).kind, 'claimed', key)
      for (const key of keys) assert.equal(await one.commit(key, 'a'), true, key)
    })

    check('undoes a claim as if it had not been made', async (one, two) => {
      await one.claim('k', 'a', LONG)
      assert.equal(await one.undo('k', 'a'), true)
      assert.deepEqual(await two.claim('k', 'b', LONG), claimed(1))
      assert.equal(await one.undo('k', 'a'), false)
      await two.release('k', 'b', 'half done')
      await one.claim('k', 'c', LONG)
      assert.equal(await one.undo('k', 'c'), true)
      assert.deepEqual(await two.claim('k', 'd', LONG), claimed(2, 'half done'))
    })

    check('lets one key have a guard, for as long as the key is known', async (one, two) => {
      const guards = [reject('signature'), duplicate('body')]
      await one.claim('k', 'a', LONG, guards)
      const other = async (...its: readonly Guard[]): Promise<unknown> =>
        two.claim('other', 'b', LONG, its)
      assert.deepEqual(await other(reject('signature')), guarded('reject'))
      assert.deepEqual(await other(duplicate('body')), guarded('duplicate'))
      assert.deepEqual(await other(duplicate('body'), reject('signature')), guarded('reject'))
      assert.equal(await one.release('k', 'a', '', guards), true)
      assert.deepEqual(await other(reject('signature')), guarded('reject'))
      // The rejected claims did not take the guard, so the first event can be claimed again.
      assert.deepEqual(await two.claim('k', 'c', LONG, guards), claimed(2, ''))
      assert.equal(await two.commit('k', 'c', guards), true)
      assert.deepEqual(await other(reject('signature')), guarded('reject'))
      assert.deepEqual(await one.claim('k', 'd', LONG, guards), { kind: 'done' })
      assert.deepEqual(await other(reject('another')), claimed(1))
    })

    check('gives the guards of a first claim back with it', async (one, two) => {
      const guards = [reject('signature')]
      await one.claim('k', 'a', LONG, guards)
      await one.undo('k', 'a', guards)
      assert.deepEqual(await two.claim('other', 'b', LONG, guards), claimed(1))
      await two.release('other', 'b', '', guards)
      await two.claim('other', 'c', LONG, guards)
      await two.undo('other', 'c', guards)
      assert.deepEqual(await one.claim('k', 'd', LONG, guards), guarded('reject'))
    })

    check('keeps guards apart from keys of the same name', async (one) => {
      await one.claim('name', 'a', LONG)
      assert.deepEqual(await one.claim('k', 'b', LONG, [reject('name')]), claimed(1))
      assert.deepEqual(await one.claim('l', 'c', LONG, [reject('k')]), claimed(1))
    })

    check('has one winner among many', async (one, two) => {
      const contenders = Array.from({ length: 50 }, (_, at) => ({ token: `t${at}`, at }))
      for (let round = 0; round < 20; round++) {
        const claims = await Promise.all(
          contenders.map(async ({ token, at }) =>
            (at % 2 ? one : two).claim(`r${round}`, token, LONG),
          ),
        )
        const kinds = claims.map(({ kind }) => kind)
        assert.equal(kinds.filter((kind) => kind === 'claimed').length, 1)
        assert.equal(kinds.filter((kind) => kind === 'busy').length, 49)
      }
    })
  })

  function check(name: string, body: (one: Ledger, two: Ledger) => Promise<void>): void {
    test(name, async () => {
      const under = await make()
      try {
        await body(under.ledger, under.other ?? under.ledger)
      } finally {
        await under.ledger.close?.()
        await under.other?.close?.()
        await under.stop?.()
      }
    })
  }
}

function claimed(claims: number, state?: string): object {
  return { kind: 'claimed', claims, state }
}

function guarded(otherwise: Guard['otherwise']): object {
  return { kind: 'guarded', otherwise }
}

function reject(key: string): Guard {
  return { key, otherwise: 'reject' }
}

function duplicate(key: string): Guard {
  return { key, otherwise: 'duplicate' }
}

async function untilClaimed(ledger: Ledger, key: string, token: string): Promise<unknown> {
  for (;;) {
    const claim = await ledger.claim(key, token, LONG)
    if (claim.kind !== 'busy') return claim
    await pause(claim.left + 1)
  }
}

function pause(time: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, time))
}

/** The functions of a test runner that contract tests call. vitest, node:test and jest have these functions. */
export interface TestRunner {
  readonly describe: (name: string, body: () => void) => unknown
  readonly test: (name: string, body: () => void | Promise<void>) => unknown
}
