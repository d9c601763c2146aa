import { unknownOptions } from '@postern/core/engine'
import type { Endpoint, EndpointStatus, Registrar } from '../registrar.ts'
import { applyPlan } from './apply.ts'
import { checkUrl } from './options.ts'
import { makePlan } from './plan.ts'
import type { RegistrarSpec } from './spec.ts'
import { randomBytes } from 'node:crypto'

/** Makes a registrar of what one sender's file says. */
export function defineRegistrar(given: RegistrarSpec): Registrar {
  const spec = { ...given, list: async () => (await given.list()).map(withoutPassword) }
  return {
    provider: spec.provider,
    account: spec.account,
    secret: spec.secret ?? 'none',
    map: (patterns) => spec.map(patterns),
    list: () => spec.list(),
    plan: async (want) => makePlan(spec, want, await spec.list()),
    apply: (plan, options = {}) => applyPlan(spec, plan, options),
    canRemove: spec.delete !== undefined,
    async remove(options) {
      unknownOptions('remove', options, ['url', 'ids'])
      const { url, ids } = options
      checkUrl('url', url)
      const found = (await spec.list()).filter(
        (endpoint) => endpoint.url === url && (ids === undefined || ids.includes(endpoint.id)),
      )
      const results = []
      if (found.length > 0 && spec.delete === undefined)
        throw new TypeError(`remove: the API of ${spec.provider} cannot; remove the URL by hand`)
      for (const endpoint of found) {
        await spec.delete!(endpoint)
        const { id, topics } = endpoint
        const before = { url, topics }
        const step = {
          do: 'delete' as const,
          kind: spec.kind,
          id,
          before,
          why: 'asked to remove it',
        }
        results.push({ ...step, state: 'done' as const })
      }
      return results
    },
    async status(options = {}) {
      unknownOptions('status', options, ['url'])
      const { url } = options
      const found: EndpointStatus[] = []
      for (const endpoint of await spec.list()) {
        if (url !== undefined && endpoint.url !== url) continue
        const said = await spec.failures?.(endpoint)
        const delivering = endpoint.enabled && endpoint.state === 'active'
        found.push({ ...endpoint, delivering, failures: [], ...said })
      }
      return found
    },
    ...(spec.one === 'account' && spec.update && { restore: restorer(spec) }),
    ...(spec.enable && { enable: spec.enable }),
    ...(spec.disable && { disable: spec.disable }),
    ...(spec.ping && { ping: spec.ping }),
    ...(spec.rotate && { rotate: spec.rotate }),
    ...(spec.reveal && { reveal: spec.reveal }),
    ...(spec.confirm && { confirm: spec.confirm }),
  }
}

/** Puts the one endpoint of an account back. */
function restorer(spec: RegistrarSpec): NonNullable<Registrar['restore']> {
  return async (endpoint, options = {}) => {
    unknownOptions('restore', options, ['secret', 'dryRun'])
    const { secret, dryRun = false } = options
    const { url, topics, settings = {} } = endpoint
    if (spec.secretOnUpdate && secret === undefined)
      throw new TypeError(
        `secret: must be given, since ${spec.provider} does not tell the one it has; give the receiver's secret`,
      )
    await spec.checkRestore?.(endpoint)
    if (dryRun) return
    const [now] = await spec.list()
    const target = { url, topics, settings, previousUrls: [], ...(secret && { secret }) }
    await (now ? spec.update!(now, target) : spec.create(target))
  }
}

/** Other people's URLs can carry a password, and lists are printed. */
function withoutPassword(endpoint: Endpoint): Endpoint {
  const url = URL.canParse(endpoint.url) ? new URL(endpoint.url) : undefined
  if (url === undefined || url.password === '') return endpoint
  url.password = '***'
  return { ...endpoint, url: url.href }
}

/** A new secret of 256 random bits, in letters, digits, `-` and `_`: every sender here takes those. */
export function newSecret(): string {
  return randomBytes(32).toString('base64url')
}

/** The names in a string of names, as the files of `topics/` hold them. */
export function topicList(text: string): readonly string[] {
  return text.trim().split(/\s+/)
}
