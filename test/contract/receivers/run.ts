import { fileURLToPath } from 'node:url'
import { startProgram, type MountReceiver } from '@postern/testing'
import { COMPILED } from '../../services/compiled.ts'

export function program(name: string, env: Readonly<Record<string, string>> = {}): MountReceiver {
  const file = fileURLToPath(new URL(`${name}.ts`, import.meta.url))
  return ({ folder, secret }) =>
    startProgram({
      args: [file],
      env: { FOLDER: folder, SECRET: secret, ...COMPILED, ...env },
      path: '/hooks',
    })
}
