import type { Tool } from './tool.ts'
import { eventsTool } from './tools/events.ts'
import { getTool } from './tools/get.ts'
import { jobTool } from './tools/job.ts'
import { proposeTool } from './tools/propose.ts'
import { searchTool } from './tools/search.ts'
import { writeTool } from './tools/write.ts'

/** The tools, in the order in which clients see them. */
export const tools: readonly Tool[] = [
  searchTool,
  getTool,
  writeTool,
  proposeTool,
  eventsTool,
  jobTool,
]
