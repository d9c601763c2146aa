import type { Command } from 'commander'
import { examples, runAction } from '../action.ts'
import { many, accountOptions } from '../options/shared-options.ts'
import type { Plan, Registrar, StepResult } from '@postern/registrar'
import { agreed } from '../print/agreed.ts'
import { Failure, type ExitCode } from '../print/failure.ts'
import { remark, say, sayJson } from '../print/say.ts'
import { enable, remove, rotate, senderStatus, unchanged, type Job } from '../sender-api/manage.ts'
import { closeAll } from '../sender-api/receivers.ts'
import { givenSecret, secretPlace, type SecretOptions } from '../sender-api/secret.ts'
import { planLines, resultLines } from '../sender-api/show.ts'
import { loadEnv, made, targetsOf, type TargetOptions } from '../sender-api/target.ts'

/** Options of `postern register`. */
interface RegisterOptions extends TargetOptions, SecretOptions {
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

const VERBS = ['status', 'enable', 'rotate', 'remove'] as const

/** The options of `postern register`. */
export function declare(command: Command): void {
  accountOptions(command)
    .option('--from <file>', 'the module that exports the receiver: its topics are registered')
    .option('--topic <pattern>', 'a topic, without --from; can be repeated', many)
    .option('--formerly <url>', 'a URL that the receiver had before; can be repeated', many)
    .option('--all', 'allow one subscription for each of many topics')
    .option('--status', 'tell whether the sender still delivers, and its last failures')
    .option('--enable', 'turn endpoints with this URL on again')
    .option('--rotate', 'change the secret; needs --write-env')
    .option('--remove', 'delete endpoints with this URL')
    .option('--write-env', 'write secrets to .env, or to the file of --env')
    .option(
      '--variable <name>',
      'the variable of the secret (default: as `postern providers` has it)',
    )
    .option('--dry-run', 'print the plan as JSON, and change nothing')
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

/** `postern register`: shows what would change at the sender, asks, and changes it. */
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
    const more = { ...(options.formerly && { formerly: options.formerly }) }
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
