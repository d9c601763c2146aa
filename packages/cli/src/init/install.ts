import { Failure } from '../print/say.ts'
import type { InitPlan } from './files.ts'
import type { Project } from './project.ts'
import { spawn } from 'node:child_process'

/** The commands that install what a plan needs, as words: one for the app, one for development if that needs any. */
export function installsOf(
  { manager }: Pick<Project, 'manager'>,
  { packages, development }: Pick<InitPlan, 'packages' | 'development'>,
): readonly (readonly string[])[] {
  const add = manager === 'npm' ? 'install' : 'add'
  // Deno resolves npm packages by this prefix.
  const named = (names: readonly string[]): readonly string[] =>
    manager === 'deno' ? names.map((name) => `npm:${name}`) : names
  return [
    [manager, add, ...named(packages)],
    ...(development.length > 0 ? [[manager, add, '-D', ...named(development)]] : []),
  ]
}

/**
 * Runs commands in a folder, one after another. Their output goes to stderr.
 *
 * @throws Failure if one cannot be started, or ends with another code than 0.
 */
export async function install(
  folder: string,
  commands: readonly (readonly string[])[],
): Promise<void> {
  for (const [program = '', ...args] of commands) {
    const child = spawn(program, args, {
      cwd: folder,
      stdio: ['inherit', process.stderr, 'inherit'],
      // Package managers are scripts there, which only a shell starts; no word of ours means anything to it but itself.
      shell: process.platform === 'win32',
    })
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject)
      child.once('close', resolve)
    }).catch((error: Error) => {
      throw new Failure(3, `${program} could not be started: ${error.message}`, { cause: error })
    })
    if (code !== 0)
      throw new Failure(
        3,
        `${program} ended with ${code}: the files are written; fix the fault and run its command again`,
      )
  }
}
