import type { Command } from 'commander'
import { examples, runAction } from '../action.ts'
import { frameworks, hosts, type Framework } from '../hosts.ts'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { isCancel, select, text } from '@clack/prompts'
import { agreed } from '../print/agreed.ts'
import { planOf, type InitPlan } from '../init/files.ts'
import { refuseOutside } from '../init/outside.ts'
import type { Wanted } from '../init/parts.ts'
import { install, installsOf } from '../init/install.ts'
import { projectIn, type Project } from '../init/project.ts'
import { toldOf } from '../init/told.ts'
import { remarkShared } from '../env.ts'
import { variableOf, writePlan } from '../init/write.ts'
import { inboxes, type InboxName } from '../inboxes.ts'
import { requireOneOf } from '../options/checked-options.ts'
import { Failure, type ExitCode } from '../print/failure.ts'
import { remark, say } from '../print/say.ts'
import { columnsOf } from '../print/width.ts'
import { gatewayNames, gatewayOf } from '../sender/gateway.ts'
import { aboutOf } from '../sender/sender.ts'

/** Options of `postern init`. */
interface InitOptions {
  readonly provider?: string
  readonly behind?: string
  readonly inbox?: string
  readonly framework?: string
  readonly path?: string
  readonly yes?: boolean
  readonly install?: boolean
  readonly dryRun?: boolean
}

/** The options of `postern init`. */
export function declare(command: Command): void {
  command
    .option('-p, --provider <name>', 'who sends, as in `postern providers`')
    .option('--behind <gateway>', `the gateway in front: ${gatewayNames.join(', ')}`)
    .option('--inbox <name>', `one of ${Object.keys(inboxes).join(', ')}`)
    .option(
      '--framework <name>',
      `one of ${frameworks.join(', ')} (default: as package.json has it)`,
    )
    .option('--path <path>', 'path of the route (default: /webhooks/<provider>)')
    .option('--install', 'install the packages too (default: asks in a terminal)')
    .option('--dry-run', 'print the files, and write nothing')
    .option('-y, --yes', 'do not ask')
    .addHelpText('after', examples('init --provider github --inbox sqlite'))
    .action(runAction(initCommand))
}

/** `postern init`: writes a route, a receiver, a handler, a test, lines of `.env`, and `.gitignore` if there is none. It changes no file that exists but `.env`. */
async function initCommand(options: InitOptions): Promise<ExitCode> {
  const project = await projectIn(process.cwd(), options.framework)
  const wanted = await wantedOf(options, project.framework)
  const plan = planOf(project, wanted)
  refuseTaken(project.folder, plan)
  const files = [...plan.files.keys()]
  const says = `Write ${files.join(', ')}, and ${plan.env.map(variableOf).join(' and ')} into .env`
  if (options.dryRun) {
    for (const [file, content] of plan.files) say(`── ${file}\n${content}`)
    remark(`${says}. Nothing was written.`)
    return 0
  }
  if (!options.yes && !(await agreed(`${says}?`))) {
    remark('nothing was written')
    return 1
  }
  // Questions take time: look again.
  refuseTaken(project.folder, plan)
  const written = writePlan(project.folder, plan)
  if (written.env !== 'created') await remarkShared(join(project.folder, '.env'))
  const installed = await installedIf(options, project, plan)
  say(toldOf(project, plan, wanted, { ...written, installed, columns: columnsOf() }))
  return 0
}

/** Installs the packages, if `--install` or a person says so. */
async function installedIf(
  options: InitOptions,
  project: Project,
  plan: InitPlan,
): Promise<boolean> {
  const commands = installsOf(project, plan)
  const asked = commands.map((words) => words.join(' ')).join(' and ')
  const isTerminal = process.stdin.isTTY && options.yes !== true
  const isWanted = options.install ?? (isTerminal && (await agreed(`Run ${asked} now?`)))
  if (isWanted) await install(project.folder, commands)
  return isWanted
}

function refuseTaken(folder: string, { files }: InitPlan): void {
  refuseOutside(folder, [...files.keys(), '.env'])
  const taken = [...files.keys()].filter((file) => existsSync(join(folder, file)))
  if (taken.length === 0) return
  throw new Failure(
    1,
    `nothing was written, since ${taken.join(', ')} ${taken.length === 1 ? 'exists' : 'exist'} already: move ${taken.length === 1 ? 'it' : 'them'}, or run init elsewhere`,
  )
}

async function wantedOf(options: InitOptions, framework: Framework): Promise<Wanted> {
  const isTerminal = process.stdin.isTTY && options.yes !== true
  const name = options.provider ?? (isTerminal ? await askName() : undefined)
  if (name === undefined || name === '')
    throw new Failure(2, 'give --provider: a name of `postern providers`')
  const about = await aboutOf(name)
  const path = options.path ?? `/webhooks/${about.name}`
  if (!/^\/[\w./-]+$/.test(path) || path.includes('..'))
    throw new Failure(2, `--path must be a path such as /webhooks/github, got ${path}`)
  const gateway = await gatewayOf(options.behind, about.name)
  const rest = { about, gateway, path, topic: about.topics[0] ?? '**' }
  if (hosts[framework].inbox === 'own') {
    if (options.inbox !== undefined)
      throw new Failure(
        2,
        `--inbox must be left out on ${framework}, got ${options.inbox}: events are kept in the Durable Object that is written`,
      )
    return { ...rest, inbox: undefined }
  }
  const isFrozen = framework === 'lambda'
  const inbox = options.inbox ?? (isTerminal ? await askInbox() : isFrozen ? 'postgres' : 'sqlite')
  requireOneOf('--inbox', inbox, Object.keys(inboxes) as InboxName[])
  if (isFrozen && (inbox === 'sqlite' || inbox === 'memory'))
    throw new Failure(
      2,
      `--inbox must be postgres or bullmq on lambda, got ${inbox}: a function has neither a disk nor a memory that stays`,
    )
  return { ...rest, inbox }
}

function askName(): Promise<string> {
  const message = 'Who sends the webhooks?'
  return asked(text({ message, placeholder: 'github', output: process.stderr }))
}

function askInbox(): Promise<string> {
  const options = Object.keys(inboxes).map((value) => ({ value }))
  return asked(select({ message: 'Where are events kept?', options, output: process.stderr }))
}

async function asked<Value>(answer: Promise<Value>): Promise<Exclude<Value, symbol>> {
  const value = await answer
  if (isCancel(value)) throw new Failure(1, 'nothing was written')
  return value as Exclude<Value, symbol>
}
