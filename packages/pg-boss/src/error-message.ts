/** The message of an error; the first of its parts if it is several, as when a host has two addresses. */
export function errorMessage(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') return errorMessage(error.errors[0])
  return error instanceof Error ? error.message : String(error)
}
