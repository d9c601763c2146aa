import { exitCodeOf, remark } from '../../../../packages/cli/src/print/say.ts'
import { createProgram } from '../../../../packages/cli/src/program.ts'

/**
 * Runs a command of the command line in this process, and returns what it printed without colours: a process of its own takes
 * half a second of CPU. One at a time, since a process has one of each stream, one folder and one exit code. Not for a command
 * that reads stdin, nor with `--ascii`, which holds until a process ends.
 */
export async function inProcess(
  args: readonly string[],
  folder = process.cwd(),
): Promise<{ readonly out: string; readonly err: string }> {
  const { env, exitCode, stdout, stderr } = process
  const printed = { out: '', err: '' }
  const restore = [
    hear(stdout, (text) => (printed.out += text)),
    hear(stderr, (text) => (printed.err += text)),
  ]
  const before = process.cwd()
  process.chdir(folder)
  const { FORCE_COLOR: _, ...others } = env
  process.env = { ...others, NO_COLOR: '1' }
  try {
    await (await createProgram(args)).parseAsync(args, { from: 'user' })
  } catch (error) {
    exitCodeOf(error, remark)
  } finally {
    for (const end of restore) end()
    process.chdir(before)
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
