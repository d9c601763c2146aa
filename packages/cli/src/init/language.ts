import type { Project } from './project.ts'

/** How files of a project are called, and import each other. */
export interface Language {
  /** Of source files. */
  readonly extension: 'ts' | 'js'
  /** What relative imports of source files end in. */
  readonly ending: '' | '.js' | '.ts'
  /** True if files are written with `require`. */
  readonly isCommonJs: boolean
  /** Of the test. */
  readonly testExtension: 'ts' | 'js' | 'mjs'
  /** What the imports of the test end in. */
  readonly testEnding: '' | '.js' | '.ts'
  /** The command that runs the test, without its file. */
  readonly testCommand: string
}

/** Decides how the files of a project are written. */
export function languageOf(project: Project): Language {
  const { typeScript, isModule, framework } = project
  const isCommonJs = !isModule && typeScript === undefined
  const extension = typeScript === undefined ? 'js' : 'ts'
  // tsc writes imports as they are: Node needs their ends in ES modules. Bundlers find no `.ts` by `.js`.
  const ending =
    typeScript === undefined
      ? '.js'
      : typeScript.allowsTs
        ? '.ts'
        : isModule && framework !== 'next' && framework !== 'cloudflare'
          ? '.js'
          : ''
  return { extension, ending, isCommonJs, ...testing(project, { extension, ending, isCommonJs }) }
}

function testing(
  { runner, loader, typeScript, framework }: Project,
  { extension, ending, isCommonJs }: Pick<Language, 'extension' | 'ending' | 'isCommonJs'>,
): Pick<Language, 'testExtension' | 'testEnding' | 'testCommand'> {
  if (framework === 'nest')
    // Decorators are compiled by what the project has for it.
    return {
      testExtension: 'ts',
      testEnding: ending,
      testCommand: {
        vitest: 'npx vitest run',
        jest: 'node --experimental-vm-modules node_modules/jest/bin/jest.js',
        node: loader === 'tsx' ? 'node --import tsx --test' : 'node -r ts-node/register --test',
      }[runner],
    }
  if (runner === 'vitest')
    // It cannot be required.
    return {
      testExtension: isCommonJs ? 'mjs' : extension,
      testEnding: ending,
      testCommand: 'npx vitest run',
    }
  if (runner === 'jest')
    // It can load ES modules, which these packages are, from ES modules only.
    return {
      testExtension: 'mjs',
      testEnding: ending === '.ts' ? '' : ending,
      testCommand: 'node --experimental-vm-modules node_modules/jest/bin/jest.js',
    }
  if (typeScript === undefined || typeScript.allowsTs)
    return { testExtension: extension, testEnding: ending, testCommand: 'node --test' }
  if (loader !== undefined)
    return {
      testExtension: 'ts',
      testEnding: ending,
      testCommand:
        loader === 'tsx' ? 'node --import tsx --test' : 'node -r ts-node/register --test',
    }
  // Node runs TypeScript by imports that end in `.ts`. In a file of JavaScript tsc does not mind them.
  return { testExtension: 'mjs', testEnding: '.ts', testCommand: 'node --test' }
}
