import { isPromise } from '../../basics/maybe.ts'
import type { About } from '../../provider/about.ts'
import { keysOf } from '../../provider/key-forms.ts'
import { madeOf } from '../../provider/made.ts'
import type { Provider } from '../../provider/provider.ts'
import type { Bounds } from '../bounds.ts'
import type { PlainRequest, Clue } from '../finding.ts'
import type { Reads } from '../trial/recording.ts'
import { deliveryOf, type Trial } from '../trial/trial.ts'

// Senders that sign alike are all named.
const NAMED = 20

/** Other senders whose headers a delivery has: those that verify it with the same secret, else all. */
export async function otherSenders(
  request: PlainRequest,
  secrets: readonly string[],
  name: string,
  catalogue: readonly About[],
  trial: Trial,
  bounds: Bounds,
): Promise<{ readonly steps: readonly Clue[]; readonly verified: number }> {
  const seen: About[] = []
  const verified: About[] = []
  for (const about of catalogue) {
    if (bounds.over()) break
    // What cannot sign verifies with keys that are fetched: explaining must ask nobody.
    if (about.name === name || !about.canSign || about.secretOption === undefined) continue
    const provider = made(about, secrets)
    if (!provider) continue
    const known = hasItsHeaders(request, provider)
    if (known === false) continue
    if (known) seen.push(about)
    const keys = madeOf(provider)!.scheme.keys ?? allKeys(provider, secrets)
    const outcome = await trial.run({ request, provider, keys, steps: [] })
    if (outcome?.accepted) verified.push(about)
  }
  const why =
    verified.length > 0
      ? 'its signature matches with the same secret'
      : 'it has the headers of that sender'
  const named = verified.length > 0 ? verified : seen
  return {
    verified: verified.length,
    steps: named.slice(0, NAMED).map((about) => wrong(about, why)),
  }
}

/** True if headers that only the expected sender sets came with the delivery. */
export function isOurs(request: PlainRequest, reads: Reads): boolean {
  const families = [...reads.headers].flatMap(
    (name) => /^(?!content-|user-|x-forwarded)(?:x-)?[^-]+-/.exec(name)?.[0] ?? [],
  )
  return [...request.headers.keys()].some((name) =>
    families.some((family) => name.startsWith(family)),
  )
}

// Secrets in the formats that senders ask for, to have a provider that knows its headers.
const LOOKS = [
  'a secret to look with',
  'whsec_YSBzZWNyZXQgdG8gbG9vayB3aXRoLi4=',
  'a1b2c3d4'.repeat(8),
  'user:a password to look with',
  'MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE83T4O/n84iotIvIW4mdBgQ/7dAfSmpqIM8kF9mN1flpVKS3GRqe62gw+2fNNRaINXvVpiglSI8eNEc6wEA3F+g==',
]

function made(about: About, secrets: readonly string[]): Provider | undefined {
  for (const secret of [...secrets, ...LOOKS]) {
    try {
      const provider = about.create({ [about.secretOption!]: secret })
      if (madeOf(provider)) return provider
    } catch {
      // Its secrets have another form.
    }
  }
  return undefined
}

function allKeys(provider: Provider, secrets: readonly string[]): readonly unknown[] {
  const { scheme } = madeOf(provider)!
  return secrets.flatMap((secret) => {
    try {
      return keysOf(scheme, secret)
    } catch {
      return []
    }
  })
}

/** True if the delivery has the headers of a sender; undefined if only verifying tells, since it has no header of its own. */
function hasItsHeaders(request: PlainRequest, provider: Provider): boolean | undefined {
  const { scheme } = madeOf(provider)!
  const { needs = [] } = scheme
  // A token in Authorization or in the query says nothing about who sent it.
  if (scheme.head === true)
    return (
      needs.length > 0 && needs.every((one) => one !== 'authorization' && request.headers.has(one))
    )
  if (needs.length > 0) return needs.every((header) => request.headers.has(header))
  if (!scheme.present) return undefined
  try {
    const found = scheme.present(deliveryOf({ request, provider, keys: [], steps: [] }))
    return !isPromise(found) && found === true
  } catch {
    return false
  }
}

function wrong(about: About, why: string): Clue {
  return {
    cause: 'wrong-provider',
    message: `the delivery comes from ${about.title}: ${why}`,
    remedy: `send it to a receiver with the provider ${about.name}, or correct the URL at ${about.title}`,
  }
}
