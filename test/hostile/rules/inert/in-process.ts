import { Readable } from 'node:stream'
import { exitCodeOf, remark } from '../../../../packages/cli/src/print/say.ts'
import { createProgram, usageOf } from '../../../../packages/cli/src/program.ts'

/**
 * Runs a CLI command in this process and returns its output without colors. A new process would take half a second of
 * CPU. Run only one command at a time: all share the streams, the folder and the exit code of the process. Do not use
 * `--ascii`, which stays active until the process ends.
 */
export async function inProcess(
  args: readonly string[],
  folder = process.cwd(),
  input = '',
): Promise<{ readonly out: string; readonly err: string }> {
  const { env, exitCode, stdout, stderr } = process
  const typed = Readable.from([Buffer.from(input)])
  const printed = { out: '', err: '' }
  const restore = [
    hear(stdout, (text) => (printed.out += text)),
    hear(stderr, (text) => (printed.err += text)),
  ]
  const stdin = Object.getOwnPropertyDescriptor(process, 'stdin')!
  Object.defineProperty(process, 'stdin', { ...stdin, get: () => typed })
  const before = process.cwd()
  process.chdir(folder)
  const { FORCE_COLOR: _, ...others } = env
  process.env = { ...others, NO_COLOR: '1' }
  let command: Parameters<typeof usageOf>[0] | undefined
  try {
    const program = await createProgram(args, (started) => (command = started))
    await program.parseAsync(args, { from: 'user' })
  } catch (error) {
    if (exitCodeOf(error, remark) === 2 && command) remark(usageOf(command))
  } finally {
    for (const end of restore) end()
    process.chdir(before)
    Object.defineProperty(process, 'stdin', stdin)
    process.env = env
    process.exitCode = exitCode
  }
  return printed
}

function hear(stream: NodeJS.WriteStream, take: (text: string) => void): () => void {
  const write = stream.write.bind(stream)
  stream.write = (text: string | Uint8Array) => {
    take(String(text))
    return true
  }
  return () => void (stream.write = write)
}
