import { hosts } from '../hosts.ts'
import { wrapped } from '../print/width.ts'
import { gatewayName } from '../sender/gateway.ts'
import { whereToAdd } from '../sender/setup.ts'
import type { InitPlan } from './files.ts'
import { takenByGit } from './ignore.ts'
import { installsOf } from './install.ts'
import type { Wanted } from './parts.ts'
import type { Project } from './project.ts'
import { variableOf, type WrittenFiles } from './write.ts'

/** What happened before it is told. */
export interface Told extends WrittenFiles {
  /** Whether the packages are installed already. */
  readonly installed: boolean
  /** The width to fit; commands stay on one line, to be copied. */
  readonly columns: number
}

/**
 * What is said once the files are written: what to install, to do and to run, in numbered steps, and how to undo all. Lines of code
 * and commands begin with two blanks and are never broken: they are copied.
 */
export function toldOf(project: Project, plan: InitPlan, wanted: Wanted, told: Told): string {
  const { about, gateway, path } = wanted
  const behind = gateway ? ` --behind ${gatewayName(gateway)}` : ''
  const { columns } = told
  const steps = [
    ...(told.installed ? [] : [['Install:', ...commandsOf(project, plan)]]),
    ...typesStep(project),
    mountStep(project, plan),
    secretStep(project, plan, wanted),
    ...(plan.test === undefined ? [] : [[`Test: ${plan.test}`]]),
    [
      'Start the app, and send it a delivery:',
      `  npx postern send ${about.name}${behind} --to http://localhost:${project.port}${path}`,
    ],
    [`Add the public URL of ${path} at ${whereToAdd(gateway ?? about)}`],
    ...(gateway ? [[`Add the URL of ${gateway.title} at ${whereToAdd(about)}`]] : []),
  ]
  return [
    ...[...plan.files.keys()].map((file) => `wrote ${file}`),
    ...steps.flatMap(([first = '', ...rest], at) => [
      '',
      ...line(`${at + 1}. ${first}`),
      ...rest.flatMap((one) => (one.startsWith('  ') ? [one] : line(`   ${one}`))),
    ]),
    '',
    ...line(undoOf(project, plan, told)),
  ].join('\n')

  function line(text: string): readonly string[] {
    return wrapped(text, columns, 3)
  }
}

function commandsOf(project: Project, plan: InitPlan): readonly string[] {
  return installsOf(project, plan).map((words) => `  ${words.join(' ')}`)
}

function typesStep({ typeScript }: Project): readonly (readonly string[])[] {
  return typeScript?.remedy === undefined
    ? []
    : [
        [
          `TypeScript finds no types in these packages, since it resolves modules as before 2022: ${typeScript.remedy}.`,
        ],
      ]
}

function mountStep({ parsers, app, framework }: Project, plan: InitPlan): readonly string[] {
  const isMounted = hosts[framework].framework?.route !== undefined
  const others = parsers.filter((place) => !place.startsWith(`${app?.file}:`))
  const [first, ...rest] = plan.mount.split('\n')
  return [
    `Mount: ${first}`,
    ...rest,
    ...(others.length > 0 && isMounted
      ? [`Body parsers stand at ${others.join(', ')}: the route must come before them.`]
      : []),
  ]
}

function secretStep(
  { folder, readsEnv }: Project,
  plan: InitPlan,
  { about, gateway }: Wanted,
): readonly string[] {
  const [variable = '', place] = plan.env.map(variableOf)
  const open = takenByGit(folder, plan.ignored)
  const { title, setup, docs } = gateway ?? about
  return [
    `Put the secret of ${title} into .env (${setup?.secret ?? docs}).`,
    ...(place === undefined
      ? []
      : [`Put the address of the inbox into .env as ${place}: an example stands there.`]),
    `While ${place === undefined ? `${variable} is` : `${variable} and ${place} are`} not set, neither the app nor a test that loads it starts.`,
    ...(readsEnv
      ? []
      : ['Nothing in package.json reads .env: start the app with node --env-file=.env …']),
    ...(open.length === 0
      ? []
      : [
          `git does not ignore ${open.join(' and ')}: add ${open.length === 1 ? 'it' : 'them'} to .gitignore before a secret is there.`,
        ]),
  ]
}

function undoOf(
  project: Project,
  plan: InitPlan,
  { folders, env, variables }: WrittenFiles,
): string {
  const remove = project.manager === 'npm' ? 'npm uninstall' : `${project.manager} remove`
  const files = [...plan.files.keys()].filter(
    (file) => !folders.some((one) => file.startsWith(`${one}/`)),
  )
  const added = [...plan.packages, ...plan.development].filter((name) => name !== project.raise)
  return `Undo: ${[
    `delete ${[...folders, ...files].join(', ')}`,
    ...(env === 'created' ? ['delete .env'] : []),
    ...(env === 'added'
      ? [
          `delete the ${variables.length === 1 ? 'line' : 'lines'} ${variables.join(' and ')} of .env`,
        ]
      : []),
    `${remove} ${added.join(' ')}`,
  ].join('; ')}`
}
