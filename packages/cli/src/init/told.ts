import { hosts } from '../hosts.ts'
import { whereToAdd } from '../sender/setup.ts'
import type { InitPlan } from './files.ts'
import { takenByGit } from './ignore.ts'
import type { Wanted } from './parts.ts'
import type { Project } from './project.ts'
import { variableOf, type WrittenFiles } from './write.ts'

/** What is said once the files are written: what to install, to do and to run, and how to undo all. */
export function toldOf(
  project: Project,
  plan: InitPlan,
  { about, path }: Wanted,
  { folders, env, variables }: WrittenFiles,
): string {
  const { manager, parsers, typeScript, readsEnv, app, framework } = project
  const files = [...plan.files.keys()]
  const isMounted = hosts[framework].framework?.route !== undefined
  const [variable = '', place] = plan.env.map(variableOf)
  const open = takenByGit(project.folder, plan.ignored)
  const add = manager === 'npm' ? 'npm install' : `${manager} add`
  const remove = manager === 'npm' ? 'npm uninstall' : `${manager} remove`
  const others = parsers.filter((place) => !place.startsWith(`${app?.file}:`))
  const lines = [
    ...files.map((file) => `wrote ${file}`),
    '',
    'Install:',
    `  ${add} ${named(manager, plan.packages).join(' ')}`,
    ...(plan.development.length > 0
      ? [`  ${add} -D ${named(manager, plan.development).join(' ')}`]
      : []),
    ...(typeScript?.remedy === undefined
      ? []
      : [
          `  TypeScript finds no types in these packages, since it resolves modules as before 2022: ${typeScript.remedy}.`,
        ]),
    '',
    `Mount: ${plan.mount}`,
    ...(others.length > 0 && isMounted
      ? [`  Body parsers stand at ${others.join(', ')}: the route must come before them.`]
      : []),
    ...(plan.test === undefined ? [] : ['', `Test: ${plan.test}`]),
    '',
    `Add the public URL of ${path} at ${whereToAdd(about)}`,
    `Put the secret of ${about.title} into .env (${about.setup?.secret ?? about.docs}).`,
    ...(place === undefined
      ? []
      : [`Put the address of the inbox into .env as ${place}: an example stands there.`]),
    `  While ${place === undefined ? `${variable} is` : `${variable} and ${place} are`} not set, neither the app nor a test that loads it starts.`,
    ...(readsEnv
      ? []
      : ['  Nothing in package.json reads .env: start the app with node --env-file=.env …']),
    ...(open.length === 0
      ? []
      : [
          `  git does not ignore ${open.join(' and ')}: add ${open.length === 1 ? 'it' : 'them'} to .gitignore before a secret is there.`,
        ]),
    'Then try:',
    `  npx postern send ${about.name} --to http://localhost:3000${path}`,
    '',
    `Undo: ${[
      `delete ${[...folders, ...files.filter((file) => !folders.some((one) => file.startsWith(`${one}/`)))].join(', ')}`,
      ...(env === 'created' ? ['delete .env'] : []),
      ...(env === 'added'
        ? [
            `delete the ${variables.length === 1 ? 'line' : 'lines'} ${variables.join(' and ')} of .env`,
          ]
        : []),
      `${remove} ${[...plan.packages, ...plan.development].filter((name) => name !== project.raise).join(' ')}`,
    ].join('; ')}`,
  ]
  return lines.join('\n')
}

/** Deno takes packages of npm by their prefix. */
function named(manager: string, packages: readonly string[]): readonly string[] {
  return manager === 'deno' ? packages.map((name) => `npm:${name}`) : packages
}
