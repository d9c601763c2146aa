import { spawnSync } from 'node:child_process'
import { whereToAdd } from '../sender/setup.ts'
import type { InitPlan, Wanted } from './files.ts'
import type { Project } from './project.ts'
import type { WrittenFiles } from './write.ts'

/** What is said once the files are written: what to install, to do and to run, and how to undo all. */
export function toldOf(
  project: Project,
  plan: InitPlan,
  { about, path }: Wanted,
  { folders, env }: WrittenFiles,
): string {
  const { manager, parsers, typeScript, readsEnv, app, framework } = project
  const files = [...plan.files.keys()]
  const [variable] = plan.env.split('=')
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
    ...(others.length > 0 && framework !== 'next'
      ? [`  Body parsers stand at ${others.join(', ')}: the route must come before them.`]
      : []),
    ...(plan.test === undefined ? [] : ['', `Test: ${plan.test}`]),
    '',
    `Add the public URL of ${path} at ${whereToAdd(about)}`,
    `Put the secret of ${about.title} into .env (${about.setup?.secret ?? about.docs}).`,
    `  While ${variable} is not set, neither the app nor a test that loads it starts.`,
    ...(readsEnv
      ? []
      : ['  Nothing in package.json reads .env: start the app with node --env-file=.env …']),
    ...(isIgnored(project.folder)
      ? []
      : ['  git does not ignore .env: add it to .gitignore before the secret is in it.']),
    'Then try:',
    `  npx postern send ${about.name} --to http://localhost:3000${path}`,
    '',
    `Undo: ${[
      `delete ${[...folders, ...files.filter((file) => !folders.some((one) => file.startsWith(`${one}/`)))].join(', ')}`,
      ...(env === 'created' ? ['delete .env'] : []),
      ...(env === 'added' ? [`delete the line ${variable} of .env`] : []),
      `${remove} ${[...plan.packages, ...plan.development].filter((name) => name.startsWith('@')).join(' ')}`,
    ].join('; ')}`,
  ]
  return lines.join('\n')
}

/** Deno takes packages of npm by their prefix. */
function named(manager: string, packages: readonly string[]): readonly string[] {
  return manager === 'deno' ? packages.map((name) => `npm:${name}`) : packages
}

/** False if the folder is in a git repository that would take `.env` into a commit. */
function isIgnored(folder: string): boolean {
  return spawnSync('git', ['check-ignore', '-q', '.env'], { cwd: folder }).status !== 1
}
