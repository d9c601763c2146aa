import type { z } from 'zod'

/** A tool of the MCP server: its input, and its answer as JSON. */
export interface Tool {
  readonly name: string
  readonly description: string
  readonly input: z.ZodObject
  /** True if it changes or sends something. */
  readonly acts?: boolean
  run(given: never): Promise<object>
}
