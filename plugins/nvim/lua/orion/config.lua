--- The user's settings. They come from `setup` alone: no file of a repository and no modeline can change one.
local M = {}

local usual = {
  cmd = { 'orion' },
  store = nil,
  transport = 'stdio',
  token = nil,
  connect = 'command',
  page_size = 100,
  watch_lines = 1000,
  keymaps = true,
  notify = { failures = true, proposals = true },
  approver_key_file = nil,
}

local function is_words(value)
  if type(value) ~= 'table' or #value == 0 then
    return false
  end
  for _, word in ipairs(value) do
    if type(word) ~= 'string' or word == '' then
      return false
    end
  end
  return true
end

local function one_of(...)
  local values = { ... }
  return function(value)
    return vim.tbl_contains(values, value)
  end, table.concat(values, ' or ')
end

local function whole(least, most)
  return function(value)
    return type(value) == 'number' and value % 1 == 0 and value >= least and value <= most
  end, ('a whole number from %d to %d'):format(least, most)
end

local function kind(...)
  local names = { ... }
  return function(value)
    return vim.tbl_contains(names, type(value))
  end, table.concat(names, ' or ')
end

local function switches(value)
  if type(value) ~= 'table' then
    return false
  end
  for name, flag in pairs(value) do
    if usual.notify[name] == nil or type(flag) ~= 'boolean' then
      return false
    end
  end
  return true
end

--- For each setting, what it has to be and how that is said.
local rules = {
  cmd = { is_words, 'a list of words, such as { "orion" }' },
  store = { kind('string') },
  transport = { one_of('stdio', 'socket') },
  token = { kind('string', 'function') },
  connect = { one_of('command', 'startup') },
  page_size = { whole(1, 1000) },
  watch_lines = { whole(10, 100000) },
  keymaps = { kind('boolean') },
  notify = { switches, '{ failures = boolean, proposals = boolean }' },
  approver_key_file = { kind('string') },
}

local current = vim.deepcopy(usual)
local refused = {}

--- Takes settings in the place of those before. What is wrong is told, and left as usual.
---
---@return string[] problems
function M.set(settings)
  current = vim.deepcopy(usual)
  refused = {}
  if type(settings) ~= 'table' then
    refused = { ('expected a table of settings, got %s'):format(type(settings)) }
    return refused
  end
  for name, value in pairs(settings) do
    local rule = rules[name]
    if not rule then
      local known = vim.tbl_keys(rules)
      table.sort(known)
      table.insert(refused, ('there is no setting %s; there are %s'):format(tostring(name), table.concat(known, ', ')))
    elseif not rule[1](value) then
      table.insert(refused, ('%s: expected %s, got %s'):format(name, rule[2], vim.inspect(value)))
    elseif name == 'notify' then
      current.notify = vim.tbl_extend('force', usual.notify, value)
    else
      current[name] = value
    end
  end
  return refused
end

--- The settings that hold.
function M.get()
  return current
end

--- What was wrong with the settings that were given last.
---@return string[]
function M.problems()
  return refused
end

return M
