import { cp, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { run } from '../run/step.ts'
import { asPnpmProject, pnpm } from './pnpm.ts'
import type { Packed } from './tarballs.ts'

const NEEDED = [
  ...['core', 'providers', 'nestjs', 'testing'].map((name) => `@postern/${name}`),
  ...['common', 'core', 'platform-express', 'testing'].map((name) => `@nestjs/${name}@12`),
  'reflect-metadata@0.2',
  'rxjs@7',
  'jest@30',
]
const SETTINGS = {
  testEnvironment: 'node',
  testRegex: 'e2e-spec\\.mjs$',
  transform: {},
  // The first load of Nest's modules may take longer than Jest's default of 5 s.
  testTimeout: 120_000,
}

/** Runs a NestJS e2e test under Jest, with the packed packages. Returns the problem or undefined. */
export async function checkJest(
  folder: string,
  packages: readonly Packed[],
): Promise<string | undefined> {
  await mkdir(folder, { recursive: true })
  await cp(join(import.meta.dirname, 'jest'), folder, { recursive: true })
  const manifest = { private: true, type: 'module', jest: SETTINGS }
  await writeFile(join(folder, 'package.json'), JSON.stringify(manifest))
  // Uses pnpm, because npm takes five times the CPU.
  await asPnpmProject(folder, packages, process.versions.node)
  await pnpm(['add', '--prefer-offline', ...NEEDED], folder)
  const args = ['--experimental-vm-modules', 'node_modules/jest/bin/jest.js']
  const { code, output } = await run(process.execPath, args, { cwd: folder })
  return code === 0 && output.includes('1 passed') ? undefined : output
}
