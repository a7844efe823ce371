--- JSON for people: sorted members, two blanks, and nothing that is unsafe to show, because JSON can write it as its code.
local M = {}

local unsafe = { '\127', '\194[\128-\159]', '\216\156', '\226\128[\142\143\168-\174]', '\226\129[\166-\169]', '\239\187\191' }

local function escaped(character)
  return ('\\u%04x'):format(vim.fn.char2nr(character))
end

local function scalar(value)
  local text = vim.json.encode(value)
  if type(value) == 'string' then
    text = text:gsub('\\/', '/')
    for _, pattern in ipairs(unsafe) do
      text = text:gsub(pattern, escaped)
    end
  elseif type(value) == 'number' and value % 1 == 0 and math.abs(value) < 2 ^ 53 then
    text = ('%d'):format(value)
  elseif type(value) == 'number' then
    -- The shortest text that is read as the same number.
    for digits = 15, 17 do
      text = ('%.' .. digits .. 'g'):format(value)
      if tonumber(text) == value then
        break
      end
    end
  end
  return text
end

local function is_list(value)
  return getmetatable(value) ~= getmetatable(vim.empty_dict()) and (next(value) == nil or value[1] ~= nil)
end

local function put(value, indent, out)
  if type(value) ~= 'table' then
    table.insert(out, scalar(value))
    return
  end
  local list = is_list(value)
  if next(value) == nil then
    table.insert(out, list and '[]' or '{}')
    return
  end
  local inner = indent .. '  '
  table.insert(out, list and '[' or '{')
  local keys = list and value or vim.tbl_keys(value)
  if not list then
    table.sort(keys)
  end
  for index, item in ipairs(keys) do
    table.insert(out, (index > 1 and ',' or '') .. '\n' .. inner)
    if list then
      put(item, inner, out)
    else
      table.insert(out, scalar(item) .. ': ')
      put(value[item], inner, out)
    end
  end
  table.insert(out, '\n' .. indent .. (list and ']' or '}'))
end

--- A value as text.
---@return string
function M.pretty(value)
  local out = {}
  put(value, '', out)
  return table.concat(out)
end

--- Reads a text. Throws what is wrong with it.
function M.parse(text)
  return vim.json.decode(text)
end

--- A value in one line.
---@return string
function M.inline(value)
  return (M.pretty(value):gsub('\n%s*', ' '))
end

--- Whether two values are the same JSON.
function M.same(left, right)
  if type(left) ~= 'table' or type(right) ~= 'table' then
    return left == right
  end
  return M.pretty(left) == M.pretty(right)
end

return M
