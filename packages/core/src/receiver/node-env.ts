/** The mode that NODE_ENV says; undefined where it is unknown. */
export function nodeEnv(): string | undefined {
  // Workers have no `process`, so the mode is unknown there.
  const { process } = globalThis as { process?: { env?: Record<string, string | undefined> } }
  return process?.env?.['NODE_ENV']
}
