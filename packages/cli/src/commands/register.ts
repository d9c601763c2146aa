import type { Command } from 'commander'
import { examples, runAction } from '../action.ts'
import { many, accountOptions } from '../options/shared-options.ts'
import type {
  Plan,
  Registrar,
  StepResult,
  Endpoint,
  EndpointStatus,
  OnSecret,
} from '@postern/registrar'
import { agreed, remark, say, sayJson, Failure, type ExitCode } from '../print/say.ts'
import { closeAll } from '../app-module.ts'
import { loadEnv, made, targetsOf, type TargetOptions, type Target } from '../sender-api/target.ts'
import { planLines, resultLines, statusLines } from '../sender-api/show.ts'
import { shown } from '../print/terminal.ts'
import { fingerprint } from '@postern/core/explain'
import { aboutOf, secretOfItsForm, variablesOf } from '../sender/sender.ts'
import { envFileOf, writeEnv } from '../env.ts'

interface RegisterOptions extends TargetOptions, SecretOptions {
  readonly previousUrl?: readonly string[]
  readonly all?: boolean
  readonly status?: boolean
  readonly enable?: boolean
  readonly rotate?: boolean
  readonly remove?: boolean
  readonly dryRun?: boolean
  readonly yes?: boolean
  readonly json?: boolean
}

const VERBS = ['status', 'enable', 'rotate', 'remove'] as const

export function declare(command: Command): void {
  accountOptions(command)
    .option('--from <file>', 'import the receiver from this module')
    .option('--topic <pattern>', 'register this topic, without --from; repeatable', many)
    .option('--previous-url <url>', 'replace this former URL; repeatable', many)
    .option('--all', 'allow one subscription per topic')
    .option('--status', 'show whether the provider delivers, and failures')
    .option('--enable', 'enable endpoints with this URL')
    .option('--rotate', 'rotate the secret; needs --write-env')
    .option('--remove', 'delete endpoints with this URL')
    .option('--write-env', 'write secrets to .env or --env')
    .option('--variable <name>', 'set the variable of the secret (default: from postern providers)')
    .option('--dry-run', 'print the plan without changing anything')
    .addHelpText(
      'after',
      examples(
        'register --from ./receiver.ts --url https://app.example/github -o repository=octo/hello',
        'register stripe --topic invoice.paid --url https://app.example/stripe --write-env',
        'register --from ./receiver.ts --url https://app.example/github --status',
      ),
    )
    .action(runAction(registerCommand))
}

async function registerCommand(
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
    if (verb === 'status') return await senderStatus(jobs, options)
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
    const more = { ...(options.previousUrl && { previousUrls: options.previousUrl }) }
    plans.push(
      await registrar.plan({ url, topics: target.topics, ...more, all: options.all === true }),
    )
  }
  if (options.dryRun) {
    sayJson({ plans }, 2)
    return 0
  }
  for (const plan of plans) (options.json ? remark : say)(planLines(plan))
  const count = plans.reduce((sum, { steps }) => sum + steps.length, 0)
  if (count === 0) {
    if (options.json) sayJson({ results: [] })
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
  if (options.json) sayJson({ results }, 2)
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

/** Throws if the provider shows a new secret only once and `--write-env` is missing. The secret would then be lost. */
function checkTold(
  { secret, provider }: Registrar,
  plan: Plan,
  { writeEnv }: RegisterOptions,
): void {
  const makes = plan.steps.some((step) => step.do === 'create' || step.do === 'replace')
  if (secret === 'told' && makes && !writeEnv)
    throw new Failure(2, `${provider} shows the secret once; give --write-env to keep it in .env`)
}

interface Job {
  readonly target: Target
  readonly registrar: Registrar
  readonly url: string
}

interface ManageOptions extends SecretOptions {
  readonly dryRun?: boolean
  readonly yes?: boolean
  readonly json?: boolean
}

/**
 * `--status`: shows whether the provider delivers. Exit code 1 if the provider does not deliver, or if no endpoint has
 * this URL.
 */
async function senderStatus(jobs: readonly Job[], { json }: ManageOptions): Promise<ExitCode> {
  const found: EndpointStatus[] = []
  for (const { registrar, url } of jobs) found.push(...(await registrar.status({ url })))
  if (json) sayJson({ endpoints: found }, 2)
  else if (found.length > 0) say(statusLines(found))
  if (found.length === 0) remark('no endpoint has this URL')
  return found.length > 0 && found.every(({ delivering }) => delivering !== false) ? 0 : 1
}

async function enable(jobs: readonly Job[], options: ManageOptions): Promise<ExitCode> {
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
  const names = ids.map((id) => shown(id)).join(', ')
  if (!options.dryRun) {
    if (!options.yes && !(await agreed(`Turn ${names} on again?`))) return unchanged()
    for (const { registrar, endpoint } of off) await registrar.enable!(endpoint.id)
  }
  if (options.json) sayJson({ enabled: ids, dryRun: options.dryRun === true })
  else
    say(`${names} ${options.dryRun ? 'would be' : 'is'} on again; catch up with postern catch-up`)
  return 0
}

/** `--rotate`: changes the secret. Both secrets are written to `.env` before the provider signs with the new one. */
async function rotate(jobs: readonly Job[], options: ManageOptions): Promise<ExitCode> {
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
      sayJson({ rotates: [id], variable })
      continue
    }
    const asks = `Change the secret of ${shown(id)}? The new one is written to ${variable}, the old one to ${variable}_PREVIOUS; give the receiver both.`
    if (!options.yes && !(await agreed(asks))) return unchanged()
    await registrar.rotate(id, {
      async onSecret({ secret }) {
        await keep(secret)
        // The receiver must accept both secrets before the provider signs with the new one.
        if (!options.yes && !(await agreed('Restart the receiver with both secrets. Does it run?')))
          throw new Failure(
            1,
            'stopped: the sender signs with one of the two secrets; give the receiver both',
          )
      },
    })
    if (options.json) sayJson({ rotated: [id], variable })
    else say(`the secret of ${shown(id)} is changed. Remove ${variable}_PREVIOUS after a day.`)
  }
  return 0
}

async function remove(jobs: readonly Job[], options: ManageOptions): Promise<ExitCode> {
  const ids: string[] = []
  for (const { registrar, url } of jobs)
    ids.push(...(await registrar.list()).filter((one) => one.url === url).map(({ id }) => id))
  if (ids.length === 0) {
    remark('no endpoint has this URL')
    return 1
  }
  if (options.dryRun) {
    sayJson({ removes: ids })
    return 0
  }
  const asks = `Delete ${ids.map((id) => shown(id)).join(', ')} at the sender? It delivers nothing there from then on.`
  if (!options.yes && !(await agreed(asks))) return unchanged()
  const results: StepResult[] = []
  for (const { registrar, url } of jobs) results.push(...(await registrar.remove({ url })))
  if (options.json) sayJson({ results }, 2)
  else say(resultLines(results))
  remark('Undo: postern register, with the same options, makes them again.')
  return results.some(({ state }) => state === 'failed') ? 3 : 0
}

function unchanged(): ExitCode {
  remark('nothing was changed')
  return 1
}

interface SecretOptions {
  readonly env?: string
  readonly writeEnv?: boolean
  readonly variable?: string
}

interface SecretPlace {
  readonly variable: string
  readonly value: string | undefined
  /** Writes a secret to the `.env` file and keeps the old secret in the variable `…_PREVIOUS`. */
  readonly keep: (secret: string) => Promise<void>
  /** Stores a secret that the provider's API creates, in the same way as `keep`. Undefined without `--write-env`. */
  readonly onSecret: OnSecret | undefined
}

/** Finds the variable of a provider's secret in the environment. The value is never printed. */
async function secretPlace(provider: string, options: SecretOptions): Promise<SecretPlace> {
  const names = options.variable ? [options.variable] : variablesOf(await aboutOf(provider))
  const variable = names.find((name) => process.env[name]) ?? names[0]!
  const value = process.env[variable] || undefined
  const file = options.env ?? (await envFileOf(variable))
  const keep = async (secret: string): Promise<void> => {
    const old = value !== undefined && value !== secret ? { [`${variable}_PREVIOUS`]: value } : {}
    await writeEnv(file, { [variable]: secret, ...old })
    const mark = fingerprint(provider, secret)
    remark(
      `${variable} is in ${file} now${mark === undefined ? '' : ` (fingerprint ${mark})`}${value === undefined || value === secret ? '' : `, and the one before is in ${variable}_PREVIOUS`}`,
    )
  }
  return {
    variable,
    value,
    keep,
    onSecret: options.writeEnv ? ({ secret }) => keep(secret) : undefined,
  }
}

/** Returns the secret to set at the provider: from the environment, or else a new one, which is written to `.env`. */
async function givenSecret(
  { secret, provider }: Pick<Registrar, 'secret' | 'provider'>,
  { variable, value, keep }: SecretPlace,
  options: SecretOptions,
): Promise<string | undefined> {
  if (secret !== 'given') return undefined
  if (value !== undefined) return value
  if (!options.writeEnv)
    throw new Failure(
      2,
      `${provider} needs the receiver's secret: set ${variable} in the environment or in .env, or give --write-env for a new one`,
    )
  const made = secretOfItsForm(await aboutOf(provider))
  await keep(made)
  return made
}
