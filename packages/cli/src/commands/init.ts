import { appendFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { confirm, isCancel, select, text } from '@clack/prompts'
import { FRAMEWORKS, projectIn, type Framework, type Project } from '../init/project.ts'
import { INBOXES, planOf, type InboxName, type InitPlan, type Wanted } from '../init/files.ts'
import { Failure, remark, say, type ExitCode } from '../outcome.ts'
import { aboutOf } from '../sender.ts'
import { whereToAdd } from '../setup.ts'

/** Options of `postern init`. */
export interface InitOptions {
  readonly provider?: string
  readonly inbox?: string
  readonly framework?: string
  readonly path?: string
  readonly yes?: boolean
  readonly dryRun?: boolean
}

/** `postern init`: writes a route, a receiver, a handler, a test and a line of `.env`. It changes no file that exists but `.env`. */
export async function initCommand(options: InitOptions): Promise<ExitCode> {
  const project = await projectIn(process.cwd())
  const wanted = await wantedOf(project, options)
  const plan = planOf(project, wanted)
  const taken = [...plan.files.keys()].filter((file) => existsSync(join(project.folder, file)))
  if (taken.length > 0)
    throw new Failure(
      1,
      `${taken.join(', ')} exists already: nothing was written. Move it, or run init elsewhere`,
    )
  const says = `Write ${[...plan.files.keys()].join(', ')}, and add ${plan.env.split('=')[0]} to .env`
  if (options.dryRun) {
    for (const [file, content] of plan.files) say(`── ${file}\n${content}`)
    remark(`${says}. Nothing was written.`)
    return 0
  }
  if (!options.yes && !(await asked(confirm({ message: `${says}?`, output: process.stderr })))) {
    remark('nothing was written')
    return 1
  }
  await write(project, plan)
  tell(project, plan, wanted)
  return 0
}

async function write({ folder }: Project, { files, env }: InitPlan): Promise<void> {
  for (const [file, content] of files) {
    const path = join(folder, file)
    await mkdir(dirname(path), { recursive: true })
    // Fails if the file was created meanwhile.
    await writeFile(path, content, { flag: 'wx' })
  }
  const path = join(folder, '.env')
  const before = existsSync(path) ? await readFile(path, 'utf8') : ''
  const [name] = env.split('=')
  if (new RegExp(`^\\s*(?:export\\s+)?${name}\\s*=`, 'm').test(before)) return
  await appendFile(path, `${before === '' || before.endsWith('\n') ? '' : '\n'}${env}\n`)
}

function tell({ manager, parsers }: Project, plan: InitPlan, { about, path }: Wanted): void {
  const add = manager === 'npm' ? 'npm install' : `${manager} add`
  for (const file of plan.files.keys()) say(`wrote ${file}`)
  say(`\nInstall:\n  ${add} ${plan.packages.join(' ')}`)
  if (plan.development.length > 0) say(`  ${add} -D ${plan.development.join(' ')}`)
  say(`\nMount: ${plan.mount}`)
  if (parsers.length > 0)
    say(`  Body parsers stand at ${parsers.join(', ')}: the route must come before them.`)
  say(`\nAdd the public URL of ${path} at ${whereToAdd(about)}`)
  say(
    `\nPut the secret of ${about.title} into .env${secretOf(about)}, then try:\n  npx postern send ${about.name} --to http://localhost:3000${path}`,
  )
  say(
    `\nUndo: delete ${[...plan.files.keys()].join(', ')}, and the line ${plan.env.split('=')[0]} of .env`,
  )
}

function secretOf({ setup, docs }: Wanted['about']): string {
  return setup?.secret === undefined ? ` (${docs})` : ` (${setup.secret})`
}

async function wantedOf(project: Project, options: InitOptions): Promise<Wanted> {
  const terminal = process.stdin.isTTY && options.yes !== true
  const name =
    options.provider ??
    (terminal
      ? await asked(
          text({
            message: 'Who sends the webhooks?',
            placeholder: 'github',
            output: process.stderr,
          }),
        )
      : undefined)
  if (name === undefined || name === '')
    throw new Failure(2, 'give --provider: a name of `postern providers`')
  const about = await aboutOf(name)
  const framework = options.framework ?? project.framework
  if (framework === undefined || !FRAMEWORKS.includes(framework as Framework))
    throw new Failure(
      2,
      `--framework must be one of ${FRAMEWORKS.join(', ')}, got ${framework ?? 'none'}; no dependency of package.json is one of them`,
    )
  const inbox =
    options.inbox ??
    (terminal
      ? await asked(
          select({
            message: 'Where are events kept?',
            options: INBOXES.map((value) => ({ value })),
            output: process.stderr,
          }),
        )
      : 'sqlite')
  if (!INBOXES.includes(inbox as InboxName))
    throw new Failure(2, `--inbox must be one of ${INBOXES.join(', ')}, got ${inbox}`)
  const path = options.path ?? `/webhooks/${about.name}`
  if (!/^\/[\w./-]+$/.test(path) || path.includes('..'))
    throw new Failure(2, `--path must be a path such as /webhooks/github, got ${path}`)
  return { framework: framework as Framework, about, inbox: inbox as InboxName, path }
}

async function asked<Value>(answer: Promise<Value>): Promise<Exclude<Value, symbol>> {
  const value = await answer
  if (isCancel(value)) throw new Failure(1, 'nothing was written')
  return value as Exclude<Value, symbol>
}
