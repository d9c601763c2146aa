import type { Endpoint, EndpointStatus, Registrar, StepResult } from '@postern/registrar'
import { agreed } from '../print/agreed.ts'
import { Failure, type ExitCode } from '../print/failure.ts'
import { remark, say, sayJson } from '../print/say.ts'
import { shown } from '../print/terminal.ts'
import { secretPlace, type SecretOptions } from './secret.ts'
import { resultLines, statusLines } from './show.ts'
import type { Target } from './target.ts'

/** One sender to act on, with the URL of the receiver. */
export interface Job {
  readonly target: Target
  readonly registrar: Registrar
  readonly url: string
}

/** Options of what acts on endpoints that are there. */
interface ManageOptions extends SecretOptions {
  readonly dryRun?: boolean
  readonly yes?: boolean
  readonly json?: boolean
}

/** `--status`: exit code 1 if the sender does not deliver, or has no endpoint with this URL. */
export async function senderStatus(
  jobs: readonly Job[],
  { json }: ManageOptions,
): Promise<ExitCode> {
  const found: EndpointStatus[] = []
  for (const { registrar, url } of jobs) found.push(...(await registrar.status({ url })))
  if (json) sayJson({ endpoints: found }, 2)
  else if (found.length > 0) say(statusLines(found))
  if (found.length === 0) remark('no endpoint has this URL')
  return found.length > 0 && found.every(({ delivering }) => delivering !== false) ? 0 : 1
}

/** `--enable`: turns on what is off. */
export async function enable(jobs: readonly Job[], options: ManageOptions): Promise<ExitCode> {
  const off: { readonly registrar: Registrar; readonly endpoint: Endpoint }[] = []
  for (const { registrar, url } of jobs) {
    if (!registrar.enable)
      throw new Failure(2, `the API of ${registrar.provider} cannot turn an endpoint on`)
    for (const endpoint of await registrar.status({ url }))
      if (endpoint.delivering === false) off.push({ registrar, endpoint })
  }
  if (off.length === 0) {
    remark('no endpoint with this URL is off')
    return 1
  }
  const ids = off.map(({ endpoint }) => endpoint.id)
  const names = ids.map((id) => shown(id)).join(', ')
  if (!options.dryRun) {
    if (!options.yes && !(await agreed(`Turn ${names} on again?`))) return unchanged()
    for (const { registrar, endpoint } of off) await registrar.enable!(endpoint.id)
  }
  if (options.json) sayJson({ enabled: ids, dryRun: options.dryRun === true })
  else
    say(`${names} ${options.dryRun ? 'would be' : 'is'} on again; catch up with postern catch-up`)
  return 0
}

/** `--rotate`: both secrets are in `.env` before the sender signs with the new one. */
export async function rotate(jobs: readonly Job[], options: ManageOptions): Promise<ExitCode> {
  for (const { registrar, url } of jobs) {
    if (!registrar.rotate)
      throw new Failure(2, `the API of ${registrar.provider} cannot change a secret`)
    if (!options.writeEnv)
      throw new Failure(2, '--rotate: give --write-env, so that the new secret is kept in .env')
    const found = (await registrar.list()).filter((endpoint) => endpoint.url === url)
    if (found.length === 0) {
      remark('no endpoint has this URL')
      return 1
    }
    if (found.length > 1)
      throw new Failure(
        2,
        `${found.length} endpoints have this URL, and each gets a secret of its own; call registrar.rotate() in code`,
      )
    const { id } = found[0]!
    const { variable, keep } = await secretPlace(registrar.provider, options)
    if (options.dryRun) {
      sayJson({ rotates: [id], variable })
      continue
    }
    const asks = `Change the secret of ${shown(id)}? The new one is written to ${variable}, the old one to ${variable}_PREVIOUS; give the receiver both.`
    if (!options.yes && !(await agreed(asks))) return unchanged()
    await registrar.rotate(id, {
      async onSecret({ secret }) {
        await keep(secret)
        // Both secrets must stand at the receiver before the sender signs with the new one.
        if (!options.yes && !(await agreed('Restart the receiver with both secrets. Does it run?')))
          throw new Failure(
            1,
            'stopped: the sender signs with one of the two secrets; give the receiver both',
          )
      },
    })
    if (options.json) sayJson({ rotated: [id], variable })
    else say(`the secret of ${shown(id)} is changed. Remove ${variable}_PREVIOUS after a day.`)
  }
  return 0
}

/** `--remove`: deletes the endpoints with this URL. */
export async function remove(jobs: readonly Job[], options: ManageOptions): Promise<ExitCode> {
  const ids: string[] = []
  for (const { registrar, url } of jobs)
    ids.push(...(await registrar.list()).filter((one) => one.url === url).map(({ id }) => id))
  if (ids.length === 0) {
    remark('no endpoint has this URL')
    return 1
  }
  if (options.dryRun) {
    sayJson({ removes: ids })
    return 0
  }
  const asks = `Delete ${ids.map((id) => shown(id)).join(', ')} at the sender? It delivers nothing there after that.`
  if (!options.yes && !(await agreed(asks))) return unchanged()
  const results: StepResult[] = []
  for (const { registrar, url } of jobs) results.push(...(await registrar.remove({ url })))
  if (options.json) sayJson({ results }, 2)
  else say(resultLines(results))
  remark('Undo: postern register, with the same options, makes them again.')
  return results.some(({ state }) => state === 'failed') ? 3 : 0
}

/** A person said no. */
export function unchanged(): ExitCode {
  remark('nothing was changed')
  return 1
}
