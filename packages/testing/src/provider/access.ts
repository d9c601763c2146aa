import assert from 'node:assert/strict'
import { allOf, WebhookError } from '@postern/core'
import { explain } from '@postern/core/explain'
import type { Provider } from '@postern/core/scheme'
import type { TestRunner } from '../ledger.ts'
import { trial } from './trial.ts'
import {
  vectorClock,
  vectorDelivery,
  vectorOptions,
  type Vector,
  type ProviderUnderTest,
} from './vector.ts'

// These members of a provider inspect a delivery. The others only describe the provider.
const STEPS = ['admit', 'greet', 'verify', 'handshake', 'events', 'reply'] as const

/**
 * Defines tests of rejected deliveries. Behind an access check that rejects everything, no step of the provider runs.
 * Without the check, a rejected delivery stores nothing.
 */
export function accessLaws(
  under: ProviderUnderTest,
  vectors: readonly Vector[],
  runner: TestRunner,
): void {
  runner.describe(`${under.name}: what is rejected`, () => {
    for (const wait of [false, true])
      runner.test(`calls nothing of it behind a check${wait ? ' that waits' : ''}`, async () => {
        for (const vector of vectors) {
          const { provider, calls } = watched(under, vector)
          if (!provider) continue
          const guarded = allOf(closed(wait), counted(provider, calls))
          const { reply } = await trial(guarded, vectorClock(vector), vectorDelivery(vector))
          assert.ok([401, 405, 413, 415].includes(reply.status), `${vector.name}: ${reply.status}`)
          if (vector.handshake) await explain(vectorDelivery(vector), guarded, { attempts: 1 })
          assert.deepEqual(calls, [], vector.name)
        }
      })

    runner.test('keeps nothing, and neither does what explains it', async () => {
      for (const vector of vectors) {
        const { provider, calls } = watched(under, vector)
        if (!provider) continue
        const { reply } = await trial(provider, vectorClock(vector), vectorDelivery(vector))
        if (reply.status >= 400) assert.deepEqual(calls.filter(isEffect), [], vector.name)
        if (!vector.handshake) continue
        calls.length = 0
        await explain(vectorDelivery(vector), provider, { attempts: 1 })
        assert.deepEqual(calls.filter(isEffect), [], `explain of ${vector.name}`)
      }
    })
  })
}

/** Creates the provider. Each option that can be a function records its calls. */
function watched(
  under: ProviderUnderTest,
  vector: Vector,
): { readonly provider: Provider | undefined; readonly calls: string[] } {
  const calls: string[] = []
  let options = vectorOptions(vector, under.secretOption)
  let provider = created(under, options)
  for (const name of Object.keys(under.options ?? {})) {
    if (name in options && name !== under.secretOption) continue
    const spy = name === 'records' ? records(calls) : () => note(name)
    const made = created(under, { ...options, [name]: spy })
    if (!made) continue
    options = { ...options, [name]: spy }
    provider = made
  }
  return { provider, calls }

  function note(name: string): unknown {
    calls.push(name)
    if (name === under.secretOption) return vector.secret
    if (name === 'fetch') throw new Error('nothing is fetched here')
    return true
  }
}

function created(under: ProviderUnderTest, options: object): Provider | undefined {
  try {
    return under.create(options)
  } catch {
    return undefined
  }
}

function records(calls: string[]): object {
  const noted =
    <Result>(name: string, result: Result) =>
    () => {
      calls.push(name)
      return result
    }
  return {
    get: noted('records.get', undefined),
    set: noted('records.set', true),
    delete: noted('records.delete', true),
    list: noted('records.list', []),
  }
}

function isEffect(call: string): boolean {
  return /^on[A-Z]|^records\.(?:set|delete)$/.test(call)
}

function closed(wait: boolean): Provider {
  const reject = (): never => {
    throw new WebhookError('signature_mismatch', 'the check rejects everything')
  }
  return {
    name: 'check',
    covers: { body: 'none' },
    verify: wait ? () => Promise.resolve().then(reject) : reject,
    events: () => [],
  }
}

function counted(provider: Provider, calls: string[]): Provider {
  const noting = STEPS.filter((step) => provider[step]).map((step) => [
    step,
    (...given: never[]) => {
      calls.push(step)
      return (provider[step] as (...given: never[]) => unknown)(...given)
    },
  ])
  return { ...provider, ...(Object.fromEntries(noting) as Partial<Provider>) }
}
