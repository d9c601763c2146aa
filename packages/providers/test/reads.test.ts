import type { Provider } from '@postern/core/scheme'
import { vectorOptions, type Vector } from '../../testing/src/provider/vector.ts'
import { describe, expect, test } from 'vitest'
import { parseBody } from '../../core/src/body/formats.ts'
import { loadXml } from '../../core/src/body/xml/xml.ts'
import type { Delivery } from '../../core/src/delivery.ts'
import { recording } from '../../core/src/explain/trial/trial.ts'
import { defaultLimits } from '../../core/src/limits.ts'
import { isCredentialName } from '../../core/src/receive/credentials/judge.ts'
import { catalogue } from '../src/catalogue.ts'
import { vectors } from './vectors.ts'
import { createDelivery, markVerified } from '../../core/src/receive/http-delivery.ts'

// These headers of a rejected delivery are kept even if the provider does not read them.
const ALWAYS = ['content-type', 'content-length', 'content-encoding', 'host', 'user-agent']

/** Yields each test vector of a sender, with its provider. */
function* walks(name: string): Generator<readonly [Provider, Vector]> {
  const about = catalogue.get(name)!
  for (const vector of vectors(name)) {
    try {
      yield [about.create(vectorOptions(vector, about.secretOption)), vector]
    } catch (error) {
      // Some vectors have a secret that the provider rejects.
      if (!(error instanceof TypeError)) throw error
    }
  }
}

describe('a provider tells the headers that it reads, so that a rejected delivery is kept with them', () => {
  test.each([...catalogue.keys()])('%s', async (name) => {
    await loadXml()
    const untold = new Set<string>()
    for (const [provider, vector] of walks(name)) {
      const given = createDelivery(
        { ...vector, body: Buffer.from(vector.bodyBase64, 'base64') },
        defaultLimits(),
        provider,
      )
      const { delivery, reads } = recording(given)
      await walk(provider, delivery, (vector.now ?? 0) * 1000)
      const told = [...provider.reads!(given), ...ALWAYS]
      for (const header of reads.headers) if (!told.includes(header)) untold.add(header)
    }
    expect([...untold]).toEqual([])
  })
})

test.each([...catalogue.keys()])(
  '%s: a header that it reads is a credential only if it says so',
  (name) => {
    for (const [provider] of walks(name)) {
      const said = (provider.credentials?.headers ?? []).map((one) => one.toLowerCase())
      const reads = provider.reads!(createDelivery({ url: 'https://example.com/' }))
      expect(reads.filter((one) => isCredentialName(one) && !said.includes(one))).toEqual([])
    }
  },
)

async function walk(provider: Provider, delivery: Delivery, now: number): Promise<void> {
  try {
    if (await provider.greet?.(delivery, () => now)) return
    const verified = (await provider.verify(delivery, () => now)) ?? {}
    markVerified(delivery)
    const body = await parseBody(delivery, false)
    await provider.handshake?.(delivery, body, verified)
    const events = provider.events(delivery, body)
    provider.reply?.({ kind: 'accepted', events }, delivery)
  } catch {
    // A rejected delivery counts with the headers that were read before the rejection.
  }
}
