/** How a handler that was made and never called is exported: Lambda takes a function that is returned for success. */
export function remedyOf(name: string): string {
  return `export what ${name}(receiver) returns, export const handler = ${name}(receiver), or call it, ${name}(receiver)(event, context); a handler that returns it answers null, and takes nothing`
}
