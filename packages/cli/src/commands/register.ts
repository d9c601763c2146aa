import type { Endpoint, EndpointStatus, Plan, Registrar, StepResult } from '@postern/registrar'
import { agreed } from '../agreed.ts'
import { Failure, remark, say, type ExitCode } from '../outcome.ts'
import { closeAll } from '../sender-api/receivers.ts'
import { givenSecret, secretPlace, type SecretOptions } from '../sender-api/secret.ts'
import { planLines, resultLines, statusLines } from '../sender-api/show.ts'
import { loadEnv, made, targetsOf, type Target, type TargetOptions } from '../sender-api/target.ts'

/** Options of `postern register`. */
export interface RegisterOptions extends TargetOptions, SecretOptions {
  readonly formerly?: readonly string[]
  readonly all?: boolean
  readonly status?: boolean
  readonly enable?: boolean
  readonly rotate?: boolean
  readonly remove?: boolean
  readonly dryRun?: boolean
  readonly yes?: boolean
  readonly json?: boolean
}

/** One sender to act on, with the URL of the receiver. */
interface Job {
  readonly target: Target
  readonly registrar: Registrar
  readonly url: string
}

const VERBS = ['status', 'enable', 'rotate', 'remove'] as const

/** `postern register`: shows what would change at the sender, asks, and changes it. */
export async function registerCommand(
  name: string | undefined,
  options: RegisterOptions,
): Promise<ExitCode> {
  const verbs = VERBS.filter((verb) => options[verb])
  if (verbs.length > 1)
    throw new Failure(2, `give one of ${verbs.map((one) => `--${one}`).join(' and ')}`)
  await loadEnv(options.env)
  const targets = await targetsOf(name, options)
  try {
    const jobs: Job[] = []
    for (const target of targets) {
      const { sender, url } = target
      if (!sender.registrar) throw new Failure(2, `${sender.title} has no API to register by`)
      if (url === undefined)
        throw new Failure(2, 'give --url, the public https URL where the receiver is mounted')
      jobs.push({ target, registrar: await made(sender.registrar, target), url })
    }
    const [verb] = verbs
    if (verb === 'status') return await status(jobs, options)
    if (verb === 'enable') return await enable(jobs, options)
    if (verb === 'rotate') return await rotate(jobs, options)
    if (verb === 'remove') return await remove(jobs, options)
    return await apply(jobs, options)
  } finally {
    await closeAll(targets.flatMap(({ receiver }) => receiver ?? []))
  }
}

async function apply(jobs: readonly Job[], options: RegisterOptions): Promise<ExitCode> {
  const plans: Plan[] = []
  for (const { registrar, url, target } of jobs) {
    if (target.topics.length === 0)
      throw new Failure(2, 'give --from ./receiver.ts, or --topic for each topic')
    const more = { ...(options.formerly && { formerly: options.formerly }) }
    plans.push(
      await registrar.plan({ url, topics: target.topics, ...more, all: options.all === true }),
    )
  }
  if (options.dryRun) {
    say(JSON.stringify({ plans }, undefined, 2))
    return 0
  }
  for (const plan of plans) (options.json ? remark : say)(planLines(plan))
  const count = plans.reduce((sum, { steps }) => sum + steps.length, 0)
  if (count === 0) {
    if (options.json) say(JSON.stringify({ results: [] }))
    return 0
  }
  for (const [at, plan] of plans.entries()) checkTold(jobs[at]!.registrar, plan, options)
  if (
    !options.yes &&
    !(await agreed(`Make ${count === 1 ? 'this change' : `these ${count} changes`} at the sender?`))
  )
    return unchanged()

  const results: { provider: string; account: string; steps: readonly StepResult[] }[] = []
  for (const [at, plan] of plans.entries()) {
    const { registrar } = jobs[at]!
    const { provider, account } = registrar
    const steps = plan.steps.length === 0 ? [] : await applied(registrar, plan, options)
    results.push({ provider, account, steps })
    if (!options.json && steps.length > 0) say(resultLines(steps))
  }
  if (options.json) say(JSON.stringify({ results }, undefined, 2))
  const all = results.flatMap(({ steps }) => steps)
  if (all.some((step) => step.state === 'done'))
    remark(
      'Undo: postern register --remove, with the same options, deletes endpoints with this URL.',
    )
  return all.some((step) => step.state === 'failed') ? 3 : 0
}

async function applied(
  registrar: Registrar,
  plan: Plan,
  options: RegisterOptions,
): Promise<readonly StepResult[]> {
  const place = await secretPlace(registrar.provider, options)
  const makes = plan.steps.some((step) => step.do !== 'delete')
  const secret = makes ? await givenSecret(registrar, place, options) : undefined
  return registrar.apply(plan, {
    ...(secret !== undefined && { secret }),
    ...(place.onSecret && { onSecret: place.onSecret }),
  })
}

/** A secret that is told once must have a place before anything is made. */
function checkTold(
  { secret, provider }: Registrar,
  plan: Plan,
  { writeEnv }: RegisterOptions,
): void {
  const makes = plan.steps.some((step) => step.do === 'create' || step.do === 'replace')
  if (secret === 'told' && makes && !writeEnv)
    throw new Failure(2, `${provider} tells the secret once: give --write-env to keep it in .env`)
}

async function status(jobs: readonly Job[], { json }: RegisterOptions): Promise<ExitCode> {
  const found: EndpointStatus[] = []
  for (const { registrar, url } of jobs) found.push(...(await registrar.status({ url })))
  if (json) say(JSON.stringify({ endpoints: found }, undefined, 2))
  else if (found.length > 0) say(statusLines(found))
  if (found.length === 0) remark('no endpoint has this URL')
  return found.length > 0 && found.every(({ delivering }) => delivering !== false) ? 0 : 1
}

async function enable(jobs: readonly Job[], options: RegisterOptions): Promise<ExitCode> {
  const off: { readonly registrar: Registrar; readonly endpoint: Endpoint }[] = []
  for (const { registrar, url } of jobs) {
    if (!registrar.enable)
      throw new Failure(2, `the API of ${registrar.provider} cannot turn an endpoint on`)
    for (const endpoint of await registrar.status({ url }))
      if (endpoint.delivering === false) off.push({ registrar, endpoint })
  }
  if (off.length === 0) {
    remark('no endpoint with this URL is off')
    return 1
  }
  const ids = off.map(({ endpoint }) => endpoint.id)
  if (!options.dryRun) {
    if (!options.yes && !(await agreed(`Turn ${ids.join(', ')} on again?`))) return unchanged()
    for (const { registrar, endpoint } of off) await registrar.enable!(endpoint.id)
  }
  if (options.json) say(JSON.stringify({ enabled: ids, dryRun: options.dryRun === true }))
  else
    say(
      `${ids.join(', ')} ${options.dryRun ? 'would be' : 'is'} on again; catch up with postern catch-up`,
    )
  return 0
}

async function rotate(jobs: readonly Job[], options: RegisterOptions): Promise<ExitCode> {
  for (const { registrar, url } of jobs) {
    if (!registrar.rotate)
      throw new Failure(2, `the API of ${registrar.provider} cannot change a secret`)
    if (!options.writeEnv)
      throw new Failure(2, '--rotate: give --write-env, so that the new secret is kept in .env')
    const found = (await registrar.list()).filter((endpoint) => endpoint.url === url)
    if (found.length === 0) {
      remark('no endpoint has this URL')
      return 1
    }
    if (found.length > 1)
      throw new Failure(
        2,
        `${found.length} endpoints have this URL, and each gets a secret of its own; call registrar.rotate() in code`,
      )
    const { id } = found[0]!
    const { variable, keep } = await secretPlace(registrar.provider, options)
    if (options.dryRun) {
      say(JSON.stringify({ rotates: [id], variable }))
      continue
    }
    const asks = `Change the secret of ${id}? The new one is written to ${variable}, the old one to ${variable}_PREVIOUS; give the receiver both.`
    if (!options.yes && !(await agreed(asks))) return unchanged()
    await registrar.rotate(id, {
      async onSecret({ secret }) {
        await keep(secret)
        // Both secrets must stand at the receiver before the sender signs with the new one.
        if (!options.yes && !(await agreed('Restart the receiver with both secrets. Does it run?')))
          throw new Failure(
            1,
            'stopped: the sender signs with one of the two secrets; give the receiver both',
          )
      },
    })
    if (options.json) say(JSON.stringify({ rotated: [id], variable }))
    else say(`the secret of ${id} is changed. Remove ${variable}_PREVIOUS after a day.`)
  }
  return 0
}

async function remove(jobs: readonly Job[], options: RegisterOptions): Promise<ExitCode> {
  const ids: string[] = []
  for (const { registrar, url } of jobs)
    ids.push(...(await registrar.list()).filter((one) => one.url === url).map(({ id }) => id))
  if (ids.length === 0) {
    remark('no endpoint has this URL')
    return 1
  }
  if (options.dryRun) {
    say(JSON.stringify({ removes: ids }))
    return 0
  }
  const asks = `Delete ${ids.join(', ')} at the sender? It delivers nothing there after that.`
  if (!options.yes && !(await agreed(asks))) return unchanged()
  const results: StepResult[] = []
  for (const { registrar, url } of jobs) results.push(...(await registrar.remove({ url })))
  say(options.json ? JSON.stringify({ results }, undefined, 2) : resultLines(results))
  remark('Undo: postern register, with the same options, makes them again.')
  return results.some(({ state }) => state === 'failed') ? 3 : 0
}

function unchanged(): ExitCode {
  remark('nothing was changed')
  return 1
}
