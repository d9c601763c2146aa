import type { Project } from './project.ts'

export interface Language {
  /** Extension of source files: `mjs` for ES modules in a project of CommonJS. */
  readonly extension: 'ts' | 'js' | 'mjs'
  /** Ending of relative imports in source files. */
  readonly ending: '' | '.js' | '.mjs' | '.ts'
  readonly testExtension: 'ts' | 'js' | 'mjs'
  /** Ending of relative imports in the test. */
  readonly testEnding: '' | '.js' | '.mjs' | '.ts'
  readonly testCommand: string
}

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
