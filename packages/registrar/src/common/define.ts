import { unknownOptions } from '@postern/core/engine'
import type {
  Endpoint,
  EndpointStatus,
  Registrar,
  ApplyOptions,
  Plan,
  Step,
  StepResult,
} from '../registrar.ts'
import { checkUrl } from './options.ts'
import { asText } from './read.ts'
import { mapTopics } from './map.ts'
import { makePlan } from './plan.ts'
import type { RegistrarSpec, MadeEndpoint, EndpointTarget } from './spec.ts'
import { randomBytes } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import { checkSecret } from '@postern/core/internal'
import { RegistrarError } from '../errors.ts'

export function defineRegistrar(given: RegistrarSpec): Registrar {
  const spec = { ...given, list: async () => (await given.list()).map(withoutPassword) }
  return {
    provider: spec.provider,
    account: spec.account,
    secret: spec.secret ?? 'none',
    map: (patterns) => mapTopics(patterns, spec.names),
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
        throw new TypeError(
          `remove: the API of ${spec.provider} cannot remove a URL; remove the URL by hand`,
        )
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
        const stated = said && 'failures' in said ? said : { failures: said ?? [] }
        found.push({ ...endpoint, delivering, ...stated })
      }
      return found
    },
    ...(spec.one === 'account' && spec.update && { restore: restorer(spec) }),
    ...(spec.enable && { enable: spec.enable }),
    ...(spec.disable && { disable: spec.disable }),
    ...(spec.ping && { ping: spec.ping }),
    ...(spec.rotate && { rotate: handing(spec.provider, spec.rotate) }),
    ...(spec.reveal && { reveal: handing(spec.provider, spec.reveal) }),
    ...(spec.confirm && { confirm: spec.confirm }),
  }
}

function handing(
  provider: string,
  change: NonNullable<RegistrarSpec['rotate']>,
): NonNullable<Registrar['rotate']> {
  return (id, { onSecret }) =>
    change(id, async (url, secret, endpoint = id) => {
      await onSecret({ provider, endpoint, url: asText(url), secret: asText(secret) })
    })
}

function restorer(spec: RegistrarSpec): NonNullable<Registrar['restore']> {
  return async (endpoint, options = {}) => {
    unknownOptions('restore', options, ['secret', 'dryRun'])
    const { secret, dryRun = false } = options
    const { url, topics, settings = {} } = endpoint
    if (spec.secretOnUpdate && secret === undefined)
      throw new TypeError(
        `secret: must be given, because ${spec.provider} does not show its current secret; give the receiver's secret`,
      )
    await spec.checkRestore?.(endpoint)
    if (dryRun) return
    const [now] = await spec.list()
    const target = { url, topics, settings, previousUrls: [], ...(secret && { secret }) }
    await (now ? spec.update!(now, target) : spec.create(target))
  }
}

/** Hides the password in an endpoint's URL, because lists are printed and include the endpoints of other receivers. */
function withoutPassword(endpoint: Endpoint): Endpoint {
  const url = URL.canParse(endpoint.url) ? new URL(endpoint.url) : undefined
  if (url === undefined || url.password === '') return endpoint
  url.password = '***'
  return { ...endpoint, url: url.href }
}

/** Returns 256 random bits as letters, digits, `-` and `_`, which every sender accepts in a secret. */
export function newSecret(): string {
  return randomBytes(32).toString('base64url')
}

export function topicList(text: string): readonly string[] {
  return text.trim().split(/\s+/)
}

/**
 * Applies the steps of a plan that are still needed. Throws `stale_plan` before any change if other steps are now
 * needed.
 */
async function applyPlan(
  spec: RegistrarSpec,
  plan: Plan,
  options: ApplyOptions,
): Promise<readonly StepResult[]> {
  if (plan.provider !== spec.provider || plan.account !== spec.account)
    throw new TypeError(
      `plan: must be made by this registrar, got one for ${plan.provider}, ${plan.account}`,
    )
  unknownOptions('apply', options, ['secret', 'onSecret'])
  checkSecrets(spec, plan, options)
  const has = await spec.list()
  const { steps } = makePlan(spec, plan.want, has)
  // A plan that was stored as JSON has lost its undefined members. So both sides go through JSON before the comparison.
  const planned = JSON.parse(JSON.stringify(plan.steps)) as readonly Step[]
  for (const step of steps) {
    const now = JSON.parse(JSON.stringify(step)) as Step
    if (!planned.some((each) => isDeepStrictEqual({ ...each, why: '' }, { ...now, why: '' })))
      throw new RegistrarError(
        'stale_plan',
        `${spec.provider}: the endpoints at the sender have changed since the plan was made (now: ${step.do} ${step.id ?? spec.kind}); plan again`,
      )
  }
  const results: StepResult[] = []
  let stop: string | undefined
  for (const step of steps) {
    const settled = results.every(({ state }) => state === 'done')
    if (step.do === 'delete' && !settled) {
      // If an earlier step failed, the old endpoint stays, because its replacement may not work.
      const reason = 'not tried, since a step before it is not done'
      results.push({ ...step, state: 'failed', reason })
    } else if (stop !== undefined) results.push({ ...step, state: 'failed', reason: stop })
    else {
      const result = await take(spec, plan.want.previousUrls ?? [], step, has, options)
      results.push(result.result)
      stop = result.stop
    }
  }
  return results
}

function checkSecrets(spec: RegistrarSpec, plan: Plan, { secret, onSecret }: ApplyOptions): void {
  if (secret !== undefined) {
    checkSecret('secret', secret)
    if (spec.secret !== 'given')
      throw new TypeError(`secret: ${spec.provider} accepts none; leave it out`)
  }
  const needing = ['create', 'replace', ...(spec.secretOnUpdate === true ? ['update'] : [])]
  const makes = plan.steps.some((step) => needing.includes(step.do))
  if (!makes) return
  if (spec.secret === 'given' && secret === undefined)
    throw new TypeError(
      `secret: must be given, since ${spec.provider} would send unsigned deliveries; give the receiver's secret`,
    )
  if (spec.secret === 'told' && onSecret === undefined)
    throw new TypeError(
      `onSecret: must be given, since ${spec.provider} shows the secret once; store the secret there`,
    )
}

async function take(
  spec: RegistrarSpec,
  previousUrls: readonly string[],
  step: Step,
  has: readonly Endpoint[],
  options: ApplyOptions,
): Promise<{ readonly result: StepResult; readonly stop?: string }> {
  const endpoint = has.find((each) => each.id === step.id)
  try {
    const made = await send(spec, previousUrls, step, endpoint, options)
    const state = made?.state === 'pending' ? 'pending' : 'done'
    const id = made?.id ?? step.id
    const reason = made?.reason === undefined ? {} : { reason: made.reason }
    return { result: { ...step, ...(id !== undefined && { id }), state, ...reason } }
  } catch (error) {
    if (!(error instanceof RegistrarError)) throw error
    const result = { ...step, state: 'failed' as const, reason: error.message }
    // After one of these errors, the other steps would fail too.
    const fatal = ['unauthorized', 'forbidden', 'rate_limited', 'unavailable'].includes(error.code)
    return fatal
      ? { result, stop: `not tried, since a step before it failed (${error.code})` }
      : { result }
  }
}

async function send(
  spec: RegistrarSpec,
  previousUrls: readonly string[],
  step: Step,
  endpoint: Endpoint | undefined,
  options: ApplyOptions,
): Promise<MadeEndpoint | void> {
  if (step.do === 'delete') return spec.delete!(endpoint!)
  const { url, topics, settings = {} } = step.after!
  const secret = options.secret === undefined ? {} : { secret: options.secret }
  const target: EndpointTarget = { url, topics, settings, previousUrls, ...secret }
  if (step.do === 'update') return spec.update!(endpoint!, target)
  if (step.do === 'create') return create(spec, target, options)
  const made = await create(spec, target, options)
  if (made.state !== 'pending') await spec.delete!(endpoint!)
  return made
}

async function create(
  spec: RegistrarSpec,
  target: EndpointTarget,
  options: ApplyOptions,
): Promise<MadeEndpoint> {
  const made = await spec.create(target)
  if (made.secret === undefined || options.onSecret === undefined) return made
  const { provider } = spec
  try {
    await options.onSecret({ provider, endpoint: made.id, url: target.url, secret: made.secret })
  } catch (error) {
    const name = error instanceof Error ? error.name : 'no Error'
    const undone = await undo(spec, made, target)
    throw new RegistrarError('unexpected', `onSecret threw (${name}), so ${undone}`)
  }
  await spec.kept?.(made.id)
  return made
}

async function undo(
  spec: RegistrarSpec,
  { id }: MadeEndpoint,
  { url, topics }: EndpointTarget,
): Promise<string> {
  try {
    await spec.delete!({ id, url, topics, enabled: true, state: 'active' })
    return `${spec.kind} ${id} was deleted again`
  } catch {
    return `${spec.kind} ${id} must be deleted, which failed too; its secret is lost`
  }
}
