import type { Project } from './project.ts'

/** How files of a project are called, and import each other. */
export interface Language {
  /** Of source files. ES modules in a project of CommonJS say so by `mjs`: `require` takes them. */
  readonly extension: 'ts' | 'js' | 'mjs'
  /** What relative imports of source files end in. */
  readonly ending: '' | '.js' | '.mjs' | '.ts'
  /** Of the test. */
  readonly testExtension: 'ts' | 'js' | 'mjs'
  /** What the imports of the test end in. */
  readonly testEnding: '' | '.js' | '.mjs' | '.ts'
  /** The command that runs the test, without its file. */
  readonly testCommand: string
}

/** Decides how the files of a project are written. */
export function languageOf(project: Project): Language {
  const { typeScript, isModule, runner, loader, framework } = project
  const isNest = framework === 'nest'
  const extension = typeScript ? 'ts' : isModule ? 'js' : 'mjs'
  const ending = typeScript ? typeScript.ending : extension === 'js' ? '.js' : '.mjs'
  const language = { extension, ending, testExtension: extension, testEnding: ending } as const
  if (runner === 'vitest') return { ...language, testCommand: 'npx vitest run' }
  if (runner === 'jest')
    return {
      ...language,
      // It can load ES modules, which these packages are, from ES modules only. Decorators are compiled by what the project has for it.
      ...(!isNest && { testExtension: 'mjs', testEnding: ending === '.ts' ? '' : ending }),
      testCommand: 'node --experimental-vm-modules node_modules/jest/bin/jest.js',
    }
  const isStripped = typeScript === undefined || ending === '.ts'
  if (isStripped && !isNest) return { ...language, testCommand: 'node --test' }
  if (loader !== undefined || isNest)
    return {
      ...language,
      testCommand: `node ${loader === 'tsx' ? '--import tsx' : '-r ts-node/register'} --test`,
    }
  // Node runs TypeScript by imports that end in `.ts`. In a file of JavaScript tsc does not mind them.
  return { ...language, testExtension: 'mjs', testEnding: '.ts', testCommand: 'node --test' }
}
