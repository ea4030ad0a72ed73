"""One prompt under the microscope: what `taskscope look` measures and shows."""
