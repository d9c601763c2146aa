import { isDeepStrictEqual } from 'node:util'
import { unknownOptions } from '@postern/core/engine'
import { checkSecret } from '@postern/core/internal'
import { RegistrarError } from '../errors.ts'
import type { ApplyOptions, Endpoint, Plan, Step, StepResult } from '../registrar.ts'
import type { MadeEndpoint, RegistrarSpec, EndpointTarget } from './spec.ts'
import { makePlan } from './plan.ts'

/** Takes the steps of a plan that are still needed. */
export async function applyPlan(
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
  // A plan that was stored as JSON has no undefined members. The new steps lose theirs too, so that equal steps compare equal.
  const planned = JSON.parse(JSON.stringify(plan.steps)) as readonly Step[]
  for (const step of steps) {
    const now = JSON.parse(JSON.stringify(step)) as Step
    if (!planned.some((each) => isDeepStrictEqual({ ...each, why: '' }, { ...now, why: '' })))
      throw new RegistrarError(
        'stale_plan',
        `${spec.provider}: the sender has changed since the plan was made (now: ${step.do} ${step.id ?? spec.kind}); plan again`,
      )
  }
  const results: StepResult[] = []
  let stop: string | undefined
  for (const step of steps) {
    const settled = results.every(({ state }) => state === 'done')
    if (step.do === 'delete' && !settled) {
      // What delivers now is kept until what follows it works.
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
    // The steps after it would fail in the same way.
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
  if (spec.deleteFirst === true) await spec.delete!(endpoint!)
  const made = await create(spec, target, options)
  if (spec.deleteFirst !== true && made.state !== 'pending') await spec.delete!(endpoint!)
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
