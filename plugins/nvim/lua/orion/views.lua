--- What the lists show: of which records, in which columns. A column is a title, its width in cells (0: what is left), and what
--- stands in it.
local instant = require('orion.instant')
local json = require('orion.json')
local paint = require('orion.paint')

local M = {}

local function field(name)
  return function(record)
    local value = record.data[name]
    if value == nil then
      return ''
    end
    return type(value) == 'table' and json.inline(value) or tostring(value)
  end
end

local function state(record)
  local value = tostring(record.data.status or '')
  return value, paint.of_state(value)
end

local function when(record)
  return instant.short(record.createdAt), 'OrionDim'
end

local function by(record)
  return record.createdBy, 'OrionDim'
end

local function duration(milliseconds)
  if type(milliseconds) ~= 'number' then
    return ''
  end
  if milliseconds < 1000 then
    return ('%d ms'):format(milliseconds)
  end
  return milliseconds < 60000 and ('%.1f s'):format(milliseconds / 1000) or ('%d min'):format(milliseconds / 60000)
end

local function join(name)
  return function(record)
    local words = record.data[name]
    return type(words) == 'table' and table.concat(vim.tbl_map(tostring, words), ' ') or '', 'OrionDim'
  end
end

local function share(name)
  return function(record)
    local value = record.data[name]
    return type(value) == 'number' and ('%3d %%'):format(math.floor(value * 100 + 0.5)) or ''
  end
end

--- The views by their names.
M.all = {
  jobs = {
    title = 'Jobs',
    type = 'JobResult',
    fields = { 'jobId', 'runId', 'status', 'metrics' },
    columns = {
      { 'when', 12, when },
      { 'state', 8, state },
      { 'job', 0, field('jobId') },
      {
        'took',
        8,
        function(record)
          return duration((record.data.metrics or {}).durationMs)
        end,
      },
      {
        'exit',
        4,
        function(record)
          return tostring((record.data.metrics or {}).exitCode or '')
        end,
      },
      { 'by', 16, by },
    },
    filters = { failed = { status = { ['in'] = { 'FAILURE', 'BLOCKED' } } } },
  },
  insights = {
    title = 'Insights',
    type = 'OrionInsight',
    fields = { 'summary', 'domain', 'tags', 'confidenceScore' },
    columns = {
      { 'when', 12, when },
      { 'domain', 14, field('domain') },
      { 'sure', 5, share('confidenceScore') },
      { 'insight', 0, field('summary') },
      { 'tags', 20, join('tags') },
      { 'by', 16, by },
    },
  },
  patterns = {
    title = 'Patterns',
    type = 'OrionPattern',
    fields = { 'trigger', 'steps', 'frequencyCount', 'successRate' },
    columns = {
      { 'when', 12, when },
      { 'used', 6, field('frequencyCount') },
      { 'worked', 6, share('successRate') },
      { 'when to use it', 0, field('trigger') },
      {
        'steps',
        5,
        function(record)
          return tostring(type(record.data.steps) == 'table' and #record.data.steps or '')
        end,
      },
      { 'by', 16, by },
    },
  },
  proposals = {
    title = 'Proposals',
    type = 'Proposal',
    fields = { 'actionType', 'reason', 'status', 'priority', 'expiresAt' },
    columns = {
      { 'when', 12, when },
      { 'state', 9, state },
      { 'priority', 8, field('priority') },
      { 'action', 24, field('actionType') },
      { 'reason', 0, field('reason') },
      { 'by', 16, by },
    },
    filter = 'waiting',
    filters = {
      waiting = { status = { ['in'] = { 'pending', 'approved' } } },
      all = vim.empty_dict(),
    },
  },
  log = {
    title = 'Action log',
    type = 'OrionActionLog',
    fields = { 'actionType', 'agentId', 'status', 'durationMs', 'error' },
    columns = {
      { 'when', 12, when },
      { 'state', 11, state },
      { 'action', 28, field('actionType') },
      {
        'took',
        8,
        function(record)
          return duration(record.data.durationMs)
        end,
      },
      { 'who', 16, field('agentId') },
      { 'error', 0, field('error') },
    },
    filters = { failed = { status = 'FAILURE' } },
  },
}

--- The names, sorted.
function M.names()
  local names = vim.tbl_keys(M.all)
  table.sort(names)
  return names
end

--- A view of any other record type: what its first fields hold.
function M.of_type(name)
  return {
    title = name,
    type = name,
    columns = {
      { 'when', 12, when },
      { 'id', 24, function(record) return record.id, 'OrionId' end },
      { 'data', 0, function(record) return json.inline(record.data) end },
      { 'by', 16, by },
    },
  }
end

return M
